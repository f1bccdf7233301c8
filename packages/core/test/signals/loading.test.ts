import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DIST } from '../helpers/child.js';
import { expectSame, foreign, foreignDir, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { TRAPS, WASM } from '../helpers/wasm.js';

// The binding comes and goes with threads, or is there twice; its handlers stay.

const FAULTS = {
  SIGBUS: 'library.read(library.mapLost(AT))',
  SIGSEGV: 'library.write(library.mapPage(AT, READ), 1)',
};

describe('threads that load the package at once, in a process that did not', () => {
  const AT_ONCE = `
    const library = load();
    for (let round = 0; round < 3; ++round) {
      const threads = await Promise.all(Array.from({ length: 6 }, startEquipped));
      const found = await Promise.all(threads.map((thread) =>
        thread.run(() => {
          const found = new Set();
          for (let i = 0; i < 20; ++i) found.add(isGuarded ? survive() : open() && ${JSON.stringify(SURVIVED)});
          return [...found];
        })));
      say([...new Set(found.flat())]);
      await Promise.all(threads.map((thread, i) => (i % 2 ? thread.end() : thread.terminate())));
    }
  `;
  const said = Array(3)
    .fill(`${JSON.stringify([SURVIVED])}\n`)
    .join('');

  test.each(Object.entries(FAULTS))(
    'survive their own faults, and end by a foreign %s',
    async (signal, touch) => {
      const ended = await expectSame(`${AT_ONCE} ${touch};`, { isBare: true });
      expect(ended).toMatchObject({ code: null, signal, stdout: said });
    },
  );

  test('leave WebAssembly as it is, and a later thread guarded', async () => {
    const steps = `
      ${WASM}
      ${AT_ONCE}
      say(traps());
      const thread = await startEquipped();
      say(await thread.run(() => survive()));
      say(traps());
      process.exit();`;
    const all = await hearForeign(steps, { isBare: true });
    expect(all).toEqual([...Array(3).fill([SURVIVED]), TRAPS, SURVIVED, TRAPS]);
  });
});

const ENDS = { 'has ended': 'end()', 'was terminated': 'terminate()' };

describe.each(Object.entries(ENDS))('after the only thread with the package %s', (_, end) => {
  const ENDED = `
    const library = load();
    const thread = await startEquipped();
    const inThread = await thread.run(() => {
      my.open = [open(), open()];
      return isGuarded ? survive() : ${JSON.stringify(SURVIVED)};
    });
    await thread.${end};
    say(inThread);
  `;
  const SAID = `${JSON.stringify(SURVIVED)}\n`;

  test.each(Object.entries(FAULTS))(
    'a foreign %s ends the process as without us',
    async (signal, touch) => {
      const ended = await expectSame(`${ENDED} ${touch};`, { isBare: true });
      expect(ended).toMatchObject({ code: null, signal, stdout: SAID });
    },
  );

  test.each(Object.keys(FAULTS))('%s that is sent does, too', async (signal) => {
    const steps = `${ENDED} process.kill(process.pid, '${signal}'); await new Promise(() => {});`;
    const ended = await expectSame(steps, { isBare: true });
    expect(ended).toMatchObject({ code: null, signal, stdout: SAID });
  });

  test.each(Object.keys(FAULTS))('a listener for %s is called', async (signal) => {
    const ended = await expectSame(
      `${ENDED}
      let heard = 0;
      process.on('${signal}', () => { heard += 1; });
      process.kill(process.pid, '${signal}');
      while (heard === 0) await turn();
      process.exit();`,
      { isBare: true },
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: SAID });
  });

  test('WebAssembly traps, and the main thread and new ones have their faults survived', async () => {
    const said = await hearForeign(
      `${WASM}
      ${ENDED}
      say(traps());
      const other = await startEquipped();
      say(await other.run(() => survive()));
      await other.${end};
      const { MmapFile } = require(${JSON.stringify(DIST)});
      const openHere = () => open({}, { MmapFile });
      say(survive(openHere(), openHere()));
      const third = await startEquipped();
      say(await third.run(() => survive()));
      say(traps());
      process.exit();`,
      { isBare: true },
    );
    expect(said).toEqual([SURVIVED, TRAPS, SURVIVED, SURVIVED, SURVIVED, TRAPS]);
  });
});

test('threads that are terminated in the middle of faults leave a process that works', async () => {
  const said = await hearForeign(
    `for (let round = 0; round < 10; ++round) {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const threads = await Promise.all([1, 2].map(startEquipped));
      for (const thread of threads) {
        thread.run((flag) => { for (;;) { survive(); Atomics.add(flag, 0, 1); } }, flag);
      }
      while (Atomics.load(flag, 0) < 5) await turn();
      await Promise.all(threads.map((thread) => thread.terminate()));
    }
    say(survive());`,
  );
  expect(said).toEqual([SURVIVED]);
});

describe('a second copy of the package and its binding', () => {
  /** A child's directory with the copy in it. */
  function withCopy(): string {
    const directory = foreignDir();
    const packageOf = (name: string, from: string) =>
      dirname(createRequire(fs.realpathSync(from)).resolve(`${name}/package.json`));
    const copies = join(directory, 'node_modules');
    const native = packageOf('@fmmap/native', DIST);
    for (const part of ['package.json', 'index.js', 'build/Release/fmmap.node']) {
      fs.cpSync(join(native, part), join(copies, '@fmmap/native', part));
    }
    const loader = packageOf('node-gyp-build', join(native, 'index.js'));
    fs.cpSync(loader, join(copies, 'node-gyp-build'), { recursive: true, dereference: true });
    fs.copyFileSync(DIST.replace('index', 'internal'), join(directory, 'copy.cjs'));
    return directory;
  }

  const COPY = `
    const library = load();
    const copy = require(fs.realpathSync('copy.cjs'));
    const openCopy = () => open({}, copy);
    const bindings = fs.readFileSync('/proc/self/maps', 'utf8').match(/\\S+\\/fmmap\\.node$/gm);
    if (new Set(bindings).size !== 2) say('one binding');
  `;

  test.each(['one', 'the other'])(
    'guards what is its own, with mappings in turns: %s first',
    async (first) => {
      const said = await hearForeign(
        `${COPY}
      const [open1, open2] = ${first === 'one' ? '[open, openCopy]' : '[openCopy, open]'};
      const early = [open1(), open2(), open1(), open2(), open1(), open2()];
      say(survive(early[0], early[1]));
      say(survive(early[3], early[2]));
      for (let i = 0; i < 50; ++i) {
        const found = [survive(open1(), open2()), survive(open2(), open1())];
        if (found.some((each) => each !== ${JSON.stringify(SURVIVED)})) say(found);
      }
      say(survive(early[4], early[5]));`,
        { cwd: withCopy() },
      );
      expect(said).toEqual([SURVIVED, SURVIVED, SURVIVED]);
    },
  );

  test.each(Object.entries(FAULTS))(
    'lets a foreign %s go on to a library, and end',
    async (signal, touch) => {
      const { stdout, ...ended } = await foreign(
        `${COPY}
      load('1').take('a', CHAIN);
      for (let i = 0; i < 50; ++i) { survive(open(), openCopy()); survive(openCopy(), open()); }
      ${touch};`,
        { cwd: withCopy() },
      );
      expect(ended).toMatchObject({ code: null, signal });
      const called = stdout.split('\n').filter((line) => line !== '');
      expect(called.slice(0, 10).map((line) => JSON.parse(line).by)).toEqual(['a']);
    },
  );

  test.each(Object.entries(FAULTS))(
    'ends a process by a foreign %s as no copy would',
    async (signal, touch) => {
      const ended = await expectSame(
        `${COPY} ${WASM}
      for (let i = 0; i < 3; ++i) { open(); openCopy(); }
      say(traps());
      ${touch};`,
        { cwd: withCopy() },
      );
      expect(ended).toMatchObject({ code: null, signal, stdout: `${JSON.stringify(TRAPS)}\n` });
    },
  );

  test('can be without the guard that the other one has', async () => {
    const said = await hearForeign(
      `${COPY}
      copy.disableFaultGuard();
      openCopy();
      say(survive());
      say(caught(fmmap.disableFaultGuard).code);`,
      { cwd: withCopy() },
    );
    expect(said).toEqual([SURVIVED, 'ERR_MMAP_GUARD_ACTIVE']);
  });
});
