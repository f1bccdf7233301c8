// What threads load first, with `--require`: breaks them in the way that `BROKEN` names.
const { isMainThread } = require('node:worker_threads');

if (!isMainThread) {
  if (process.env.BROKEN === 'throw') throw new Error('no threads today');
  if (process.env.BROKEN === 'exit') process.exit(3);
}
