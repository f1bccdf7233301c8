// Runs the main example where npm was called, so that its relative paths are the caller's.
process.chdir(process.env.INIT_CWD ?? process.cwd());
await import('../examples/dist/line-index.js');
