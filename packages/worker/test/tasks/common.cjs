module.exports = (file) => file.length;
