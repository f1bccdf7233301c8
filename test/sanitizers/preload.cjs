// node --require: has every process and thread of the tests load the addon of native/sanitized that
// the environment names. node-gyp-build looks where this variable says, whose name no shell passes on.
process.env['@FMMAP/NATIVE_PREBUILD'] = process.env.FMMAP_SANITIZED;
