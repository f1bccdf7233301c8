// One case for one contender: `child.mjs CASE NAME DIRECTORY`. Prints what was observed, or crashes.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';

import { CASES } from './cases.mjs';
import { loadContender } from './contender.mjs';

const [, , name, contender, directory] = process.argv;
const lib = await loadContender(contender);
const path = join(directory, 'file');

const tools = {
  lib,
  path,
  contender,
  /** Makes a new file with these bytes at these offsets. */
  file(size, bytes = {}) {
    fs.rmSync(path, { force: true });
    const descriptor = fs.openSync(path, 'w');
    fs.ftruncateSync(descriptor, size);
    for (const [at, text] of Object.entries(bytes)) fs.writeSync(descriptor, text, Number(at));
    fs.closeSync(descriptor);
    return path;
  },
  shell: (command) => execFileSync('sh', ['-c', command, 'sh', path]),
};
let seen;
try {
  seen = await CASES[name].run(tools);
} catch (error) {
  seen = `error: ${error.message.split('\n')[0].slice(0, 80)}`;
}
fs.writeSync(1, seen);
process.exit();
