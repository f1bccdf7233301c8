// node --require: makes every process and thread of the tests load the addon of native/sanitized that
// the environment names. node-gyp-build reads this variable, whose name shells do not pass on.
process.env['@FMMAP/NATIVE_PREBUILD'] = process.env.FMMAP_SANITIZED;
