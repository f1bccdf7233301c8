// Runs the main example in the directory where npm was called, so that relative paths are the caller's.
process.chdir(process.env.INIT_CWD ?? process.cwd());
await import('../examples/dist/line-index.js');
