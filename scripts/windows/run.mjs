// Runs a program by Windows' Node under Wine: `node scripts/windows/run.mjs [--node 24] [--cwd packages/core] ARGUMENT...`.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { debian, inside, nodeExe, TREE, WINE } from './home.mjs';
import { syncTree } from './tree.mjs';

/** Node's output must be a file: Wine gives it no pipe of Linux's. */
export function runNode(major, cwd, args, { seconds = 600 } = {}) {
  const output = fs.mkdtempSync(join(debian, 'tmp/run-'));
  const file = join(output, 'out').slice(debian.length);
  const quoted = args.map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  const wine = `timeout --signal=KILL ${seconds} ${WINE} CI=1 wine ${nodeExe(major)} ${quoted}`;
  const command = `cd ${join(TREE, cwd)} && { ${wine}; } > ${file} 2>&1 < /dev/null; echo $?`;
  const code = Number(inside(command).trim().split('\n').at(-1));
  const text = fs.readFileSync(join(debian, file), 'utf8').replaceAll('\r', '');
  fs.rmSync(output, { recursive: true });
  return { code, text };
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    options: {
      node: { type: 'string', default: '24' },
      cwd: { type: 'string', default: '.' },
      seconds: { type: 'string', default: '600' },
    },
    allowPositionals: true,
  });
  await syncTree();
  const { code, text } = runNode(values.node, values.cwd, positionals, {
    seconds: Number(values.seconds),
  });
  process.stdout.write(text);
  process.exitCode = code;
}
