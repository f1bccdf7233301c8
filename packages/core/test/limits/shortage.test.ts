import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

// The child makes far more than there is room for, in one turn of the event loop, and drops each at once. Its `gc` is
// taken away: what is needed for collecting has to be there without a flag.
const DROP = `
  delete globalThis.gc;
  const drop = (count, make) => { for (let index = 0; index < count; ++index) make(index); };
`;

const MAKERS: Readonly<Record<string, string>> = {
  memory: "() => MmapFile.memory('memory', 'abc')",
  'memory with views': "() => MmapFileMut.memory('memory', 'abc').asBuffer()",
  anonymous: '() => MmapFileMut.anonymous(5000)',
  'files of MmapFile.open': '() => MmapFile.open(args[0])',
  'files of MmapFile.openExec': '() => MmapFile.openExec(args[0])',
  'files of MmapFileMut.openCow': '() => MmapFileMut.openCow(args[0]).asBuffer()',
  'files of MmapFileMut.create': '(index) => MmapFileMut.create(args[0] + index, { maxSize: 5 })',
  'frozen files': '(index) => MmapFileMut.create(args[0] + index, { maxSize: 5 }).freeze()',
};

describe('what was dropped without close is found before anybody hears that there is too little of', () => {
  test.each(Object.entries(MAKERS))('descriptors: %s', async (_, make) => {
    const said = await hear(
      `${DROP}
       drop(500, ${make});
       say('all went well');
       await new Promise((resolve) => setTimeout(resolve)); // the warning, if there is one, is no error
       say('still');`,
      { args: [tempFile(CONTENT)], through: ['prlimit', '--nofile=100'] },
    );
    expect(said).toEqual(['all went well', 'still']);
  });

  test('descriptors, for whatever else needs one', async () => {
    const said = await hear(
      `${DROP}
       const kept = MmapFileMut.open(args[0]);
       const fill = () => {
         for (;;) try { MmapFile.memory('m', 'abc'); fs.closeSync(fs.openSync('/dev/null')); } catch { break; }
       };
       const rest = [];
       try { for (;;) { rest.push(fs.openSync('/dev/null')); } } catch {}
       for (const fd of rest.splice(0, 20)) fs.closeSync(fd);
       for (const call of [() => kept.writeToNewFile(args[0] + '.new'), () => fmmap.syncDirectory('/tmp'),
         () => fmmap.syncParentDirectory(args[0]), () => kept.remove()]) {
         fill();
         say(caught(call));
       }
       for (const fd of rest) fs.closeSync(fd);`,
      { args: [tempFile(CONTENT)], through: ['prlimit', '--nofile=100'] },
    );
    expect(said).toEqual(Array(4).fill('no error'));
  });

  test.each([
    ['large memory', '() => MmapFileMut.anonymous(2 ** 30)'],
    ['memory that was looked at', '() => MmapFileMut.anonymous(2 ** 30).asBuffer()[5]'],
    [
      'views of closed files',
      '() => { const file = MmapFileMut.anonymous(2 ** 30); file.asBuffer(); file.close(); }',
    ],
    ['windows of 10 MB', '() => MmapFileMut.anonymous(1e7).asBuffer()[5]'],
  ])('addresses: %s', async (_, make) => {
    const said = await hear(
      `${DROP} drop(${make.includes('1e7') ? 1700 : 100}, ${make}); say('all went well');`,
      {
        through: ['prlimit', `--as=${16 * 2 ** 30}`],
      },
    );
    expect(said).toEqual(['all went well']);
  });

  test('it works in worker threads', async () => {
    const said = await hear(
      `const { Worker } = require('node:worker_threads');
       const source = 'delete globalThis.gc; const { MmapFile } = require(' + JSON.stringify(args[0]) + ');' +
         'for (let index = 0; index < 500; ++index) MmapFile.memory("m", "abc");';
       for (let count = 0; count < 2; ++count) {
         const thread = new Worker(source, { eval: true });
         say(await new Promise((resolve) => { thread.on('error', resolve); thread.on('exit', resolve); }));
       }`,
      {
        args: [new URL('../../dist/index.cjs', import.meta.url).pathname],
        through: ['prlimit', '--nofile=100'],
      },
    );
    expect(said).toEqual([0, 0]);
  });

  test.each([['--disallow-code-generation-from-strings'], ['--no-expose-gc'], ['--jitless']])(
    'it works with %s',
    async (flag) => {
      const said = await hear(
        `${DROP} drop(500, () => MmapFile.memory('m', 'abc')); say('all went well');`,
        {
          flags: [flag],
          through: ['prlimit', '--nofile=100'],
        },
      );
      expect(said).toEqual(['all went well']);
    },
  );
});

test('what is in use is not taken, and the error says what it was before', async () => {
  const said = await hear(
    `${DROP}
     const files = [], views = [];
     const error = caught(() => { for (;;) {
       const file = MmapFileMut.memory('memory', 'abc');
       if (files.push(file) % 2) views.push(files.pop().asBuffer());
     } });
     say([error.code, error.syscall]);
     say(files.every((file) => file.readUInt8(1) === 98) && views.every((view) => view[1] === 98));
     say(files.length + views.length > 50);`,
    { through: ['prlimit', '--nofile=100'] },
  );
  expect(said).toEqual([['EMFILE', 'memfd_create'], true, true]);
});

test('memory that was dropped is let go of before there is much of it', async () => {
  const [most] = (await hear(
    `delete globalThis.gc;
     const shared = () => Number(/^Shmem: +(\\d+)/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))[1]) / 1024;
     const content = Buffer.alloc(50 * 2 ** 20, 1);
     const before = shared();
     let most = 0;
     for (let index = 0; index < 52; ++index) {
       MmapFile.memory('memory', content);
       most = Math.max(most, shared() - before);
     }
     say(most);`,
  )) as [number];
  expect(most).toBeLessThan(800); // not 2600
});

test('memory that is closed, or in use, has nobody collect', async () => {
  const [closed, kept] = (await hear(
    `const { GCProfiler } = require('node:v8');
     const count = (round) => {
       const profiler = new GCProfiler();
       profiler.start();
       for (let index = 0; index < 200; ++index) round();
       return profiler.stop().statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact').length;
     };
     const files = [];
     say(count(() => MmapFileMut.anonymous(2 ** 27).close()));
     say(count(() => files.push(MmapFileMut.anonymous(2 ** 27))));`,
  )) as [number, number];
  expect(closed).toBe(0);
  expect(kept).toBeLessThan(30); // as often as the amount has doubled
});
