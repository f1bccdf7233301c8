// `npm run bench [-- --quick]`: measures, prints a Markdown report and writes it to RESULTS.md.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compileBaseline, describeMachine } from './lib/machine.mjs';
import { digits, median, ratio, table, withSpread } from './lib/stats.mjs';

const isQuick = process.argv.includes('--quick');
const rounds = isQuick ? 5 : 11;
const scale = isQuick ? 0.5 : 1;
const HEAP = 400;

/** Each part runs in a process of its own, so that none inherits the heap of another. */
function part(script, args) {
  console.error(`${script} …`);
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--expose-gc', path, ...args.map(String)],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (status !== 0) throw new Error(`${script} failed`);
  return JSON.parse(stdout);
}

function readsReport({ cases, allocations }) {
  const rows = cases.flatMap(({ size, kind, results }) =>
    Object.entries(results).map(([name, times]) => [
      size,
      kind,
      name,
      withSpread(times),
      ratio(times, results.DataView),
    ]),
  );
  const allocated = allocations.map(({ kind, heap, collections }) => [
    `read${kind}`,
    `${digits(heap / 1000)} kB`,
    collections,
  ]);
  return `## Typed reads at random offsets

Nanoseconds a read; median of ${rounds} rounds (least to most). Everything is in memory and mapped.

${table(['file', 'kind', 'contender', 'ns', 'to a bare DataView'], rows)}

What 10 million reads through fmmap leave behind:

${table(['method', 'heap', 'collections'], allocated)}`;
}

function opensReport(title, { cases }) {
  const rows = cases.flatMap(({ name, results }) =>
    Object.entries(results).map(([contender, all]) => {
      const times = all.map(({ time }) => time);
      const reference = (results.C ?? results.fs).map(({ time }) => time);
      return [
        name,
        contender,
        withSpread(times),
        ratio(times, reference),
        digits(median(all.map(({ major }) => major))),
      ];
    }),
  );
  const reference = cases[0]?.results.C ? 'C' : 'fs';
  return `## ${title}

Microseconds; median of ${rounds} rounds (least to most).

${table(['file', 'contender', 'µs', `to ${reference}`, 'major collections per 1,000'], rows)}`;
}

function asyncReport({ cold, flush, resident, scan, stream }) {
  const delays = (results) =>
    table(
      ['contender', 'ms in all', 'loop delay p99, ms', 'longest, ms'],
      Object.entries(results).map(([name, all]) => [
        name,
        ...['time', 'p99', 'longest'].map((key) => withSpread(all.map((one) => one[key]))),
      ]),
    );
  const compared = (results, unit, reference) =>
    table(
      ['contender', unit, `to ${reference}`],
      Object.entries(results).map(([name, all]) => [
        name,
        withSpread(all),
        ratio(all, results[reference]),
      ]),
    );
  const streamed = stream.map(
    ({ chunkSize, results }) => `Chunks of ${chunkSize / 1024} KiB:

${compared(results, 'MB/s', 'fs.createReadStream')}`,
  );
  return `## The event loop, while a cold file is read in pieces of 1 MiB

Median of ${rounds} rounds (least to most).

${delays(cold)}

## The event loop, while changed pages are flushed

${delays(flush)}

## Reading 4 KiB that are in memory

${compared(resident, 'µs', 'FileHandle.read')}

## Adding up the words of a file

${compared(scan, 'ms', 'one thread')}

## Streaming what is in memory

${streamed.join('\n\n')}`;
}

const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-bench-'));
try {
  const baseline = compileBaseline(directory) ?? '';
  const big = join(directory, 'reads');
  const block = Buffer.alloc(2 ** 24, 0x3f); // an ordinary number in every kind, at every offset
  const file = fs.openSync(big, 'w');
  for (let written = 0; written < 2 ** 30; written += block.length) fs.writeSync(file, block);
  fs.closeSync(file);

  const report = `# Results

${describeMachine()}${isQuick ? ', --quick' : ''}. Made by \`npm run bench\`; compare what one run measured, not runs or machines.

${readsReport(part('reads.mjs', [big, baseline, rounds, scale]))}

${opensReport('Open, read one byte, close', part('opens.mjs', [directory, baseline, rounds, scale, 0]))}

${asyncReport(part('async.mjs', [big, rounds, scale]))}

${opensReport(`The same with ${HEAP} MB of live heap`, part('opens.mjs', [directory, baseline, rounds, scale, HEAP]))}
`;
  console.log(report);
  fs.writeFileSync(new URL('RESULTS.md', import.meta.url), report);
} finally {
  fs.rmSync(directory, { recursive: true, force: true });
}
