// The cost of calls into the binding when the system has nothing to do.
import { MmapFileMut } from '@fmmap/core';
import { binding } from '@fmmap/core/internal';
import { AsyncMmapFile } from '@fmmap/node';

import { compile } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const COUNT = part.pick(200_000, 1_000_000);
const READS = part.pick(20_000, 100_000);
const SIZE = 4096;

const file = MmapFileMut.memory('calls', new Uint8Array(SIZE));
const id = file._mapping.id;
const noop = loadNoop();

/** Undefined without a compiler. */
function loadNoop() {
  const program = compile('noop', part.directory, ['-O2', '-shared', '-fPIC']);
  const module = { exports: {} };
  if (program) process.dlopen(module, program);
  return program ? module.exports : undefined;
}

/** Nanoseconds per call. `go` makes them all, in its own loop: a shared one would call functions that V8 cannot inline. */
const each = (count, go) => async () => {
  const started = performance.now();
  await go(count);
  return { value: ((performance.now() - started) * 1e6) / count, check: count };
};

const calls = {
  'binding, no operation': each(COUNT, (count) => {
    for (let n = 0; n < count; n += 1) binding.nothing(id);
  }),
};
calls['binding.state'] = each(COUNT, (count) => {
  for (let n = 0; n < count; n += 1) binding.state(id);
});
if (noop) {
  calls['Node-API, no operation'] = each(COUNT, (count) => {
    for (let n = 0; n < count; n += 1) noop();
  });
}
const flushes = {
  'binding.flush': each(COUNT, (count) => {
    for (let n = 0; n < count; n += 1) binding.flush(id, 0, SIZE, true);
  }),
  'file.flush': each(COUNT, (count) => {
    for (let n = 0; n < count; n += 1) file.flush();
  }),
};
const small = await AsyncMmapFile.open(part.big);
const target = Buffer.alloc(100);
const reads = {
  'binding.readCached': each(READS, (count) => {
    const { id: handle } = small._mapping;
    for (let n = 0; n < count; n += 1) binding.readCached(handle, 4096, target, target.length);
  }),
  '@fmmap/node': each(READS, async (count) => {
    for (let n = 0; n < count; n += 1) await small.read(target, 4096);
  }),
};

const { rounds } = part;
const measure = (name, reference, contenders) =>
  race({ name, unit: 'ns', reference, rounds, contenders });
const tables = [
  await measure('no operation', noop ? 'Node-API, no operation' : 'binding, no operation', calls),
  await measure('flush of memory, which needs none', 'binding.flush', flushes),
  await measure('100 bytes that are in memory', 'binding.readCached', reads),
];
await small.close();
file.close();

part.finish({
  title: 'Calls',
  about: `Nanoseconds a call, ${COUNT} in a row (${READS} reads). What the library adds to a call of its binding, and the binding to one of Node-API.`,
  tables,
  goals: [
    ...(noop
      ? [
          {
            table: 'no operation',
            contender: 'binding, no operation',
            most: 3,
            than: 'Node-API, no operation',
          },
          {
            table: 'no operation',
            contender: 'binding.state',
            most: 4,
            than: 'Node-API, no operation',
          },
        ]
      : []),
    {
      table: 'flush of memory, which needs none',
      contender: 'file.flush',
      most: 1.3,
      than: 'binding.flush',
    },
  ],
});
