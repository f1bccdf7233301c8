// Runs a program by Windows' Node under Wine: `node scripts/windows/run.mjs [--node 24] [--wine 10] [--cwd packages/core]
// ARGUMENT...`.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { debianOf, inside, nodeExe, setUp, TREE, wineOf } from './home.mjs';
import { syncTree } from './tree.mjs';

/**
 * Runs Windows' Node, with its output in a file: Wine gives it no pipe of Linux's.
 * @param lane - Only one program at a time may run in a lane: what it has started ends with it.
 */
export async function runNode(major, cwd, args, { seconds = 600, wine = 10, lane = 1 } = {}) {
  await setUp(wine, lane);
  const root = debianOf(wine);
  const output = fs.mkdtempSync(join(root, 'tmp/run-'));
  const file = join(output, 'out').slice(root.length);
  const quoted = args.map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  const program = `timeout --signal=KILL ${seconds} ${wineOf(wine, lane)} CI=1 wine ${await nodeExe(major)} ${quoted}`;
  const command = `cd ${join(TREE, cwd)} && { ${program}; } > ${file} 2>&1 < /dev/null; echo $?`;
  const code = Number((await inside(command, wine)).trim().split('\n').at(-1));
  const text = fs.readFileSync(join(root, file), 'utf8').replaceAll('\r', '');
  fs.rmSync(output, { recursive: true });
  return { code, text };
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    options: {
      node: { type: 'string', default: '24' },
      cwd: { type: 'string', default: '.' },
      seconds: { type: 'string', default: '600' },
      wine: { type: 'string', default: '10' },
    },
    allowPositionals: true,
  });
  await syncTree();
  const { code, text } = await runNode(values.node, values.cwd, positionals, {
    seconds: Number(values.seconds),
    wine: Number(values.wine),
  });
  process.stdout.write(text);
  process.exitCode = code;
}
