// Runs one function of a program: `node run.cjs FILE NAME ARGUMENTS`, the last of them in JSON.
const { args } = require('./program.cjs');
const [file = '', name = '', given = '[]'] = process.argv.slice(2);
args.push(...JSON.parse(given));

const found = name.split('.').reduce((from, key) => from?.[key], require(file));
if (typeof found !== 'function') throw new Error(`${file} exports no function ${name}`);
found(...args);
