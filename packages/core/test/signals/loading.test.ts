import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { expectSame, foreign, foreignDir, hearForeign, SURVIVED } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';
import { DIST } from '../helpers/program.js';
import { TRAPS } from '../helpers/wasm.js';

const { describe, test } = whereSignals;

// The binding comes and goes with threads, or is loaded twice; its handlers stay.

const SIGNALS = ['SIGBUS', 'SIGSEGV'];

describe('threads that load the package at once, in a process that has not loaded it', () => {
  const said = Array(3)
    .fill(`${JSON.stringify([SURVIVED])}\n`)
    .join('');

  test.each(SIGNALS)('survive their own faults, and end with a foreign %s', async (signal) => {
    const ended = await expectSame('signals/loading#atOnceAndTouch', { args: [signal] });
    expect(ended).toMatchObject({ code: null, signal, stdout: said });
  });

  test('leave WebAssembly working, and later threads guarded', async () => {
    const all = await hearForeign('signals/loading#atOnceAndTrap');
    expect(all).toEqual([...Array(3).fill([SURVIVED]), TRAPS, SURVIVED, TRAPS]);
  });
});

describe.each(['has ended', 'was terminated'])(
  'after the only thread with the package %s',
  (end) => {
    const SAID = `${JSON.stringify(SURVIVED)}\n`;

    test.each(SIGNALS)('a foreign %s ends the process as it does without us', async (signal) => {
      const ended = await expectSame('signals/loading#touchAfterwards', { args: [end, signal] });
      expect(ended).toMatchObject({ code: null, signal, stdout: SAID });
    });

    test.each(SIGNALS)('%s that is sent does so, too', async (signal) => {
      const ended = await expectSame('signals/loading#sendAfterwards', { args: [end, signal] });
      expect(ended).toMatchObject({ code: null, signal, stdout: SAID });
    });

    test.each(SIGNALS)('a listener for %s is called', async (signal) => {
      const ended = await expectSame('signals/loading#listenAfterwards', { args: [end, signal] });
      expect(ended).toMatchObject({ code: 0, signal: null, stdout: SAID });
    });

    test('WebAssembly traps, and the main thread and new ones survive their faults', async () => {
      const said = await hearForeign('signals/loading#othersAfterwards', { args: [end] });
      expect(said).toEqual([SURVIVED, TRAPS, SURVIVED, SURVIVED, SURVIVED, TRAPS]);
    });
  },
);

test('threads that are terminated in the middle of faults leave a working process', async () => {
  const said = await hearForeign('signals/terminated#terminate');
  expect(said).toEqual([SURVIVED]);
});

describe('a second copy of the package and its binding', () => {
  /** The directory for a program, with the copy in it. */
  function withCopy(): string {
    const directory = foreignDir();
    const packageOf = (name: string, from: string) =>
      dirname(createRequire(fs.realpathSync(from)).resolve(`${name}/package.json`));
    const copies = join(directory, 'node_modules');
    const native = packageOf('@fmmap/native', DIST);
    const compiled = 'src/build/Release/fmmap.node';
    for (const part of ['package.json', 'index.js', 'load.js', compiled]) {
      const { FMMAP_BINDING } = process.env;
      const from = part === compiled && FMMAP_BINDING ? FMMAP_BINDING : join(native, part);
      fs.cpSync(from, join(copies, '@fmmap/native', part));
    }
    fs.copyFileSync(DIST.replace('index', 'internal'), join(directory, 'copy.cjs'));
    return directory;
  }

  test.each(['one', 'the other'])(
    'guards its own mappings, in turns with the other: %s first',
    async (first) => {
      const said = await hearForeign('signals/copy#inTurns', { args: [first], cwd: withCopy() });
      expect(said).toEqual([SURVIVED, SURVIVED, SURVIVED]);
    },
  );

  test.each(SIGNALS)('passes a foreign %s on to a library, and ends', async (signal) => {
    const { stdout, ...ended } = await foreign('signals/copy#touchWithLibrary', {
      args: [signal],
      cwd: withCopy(),
    });
    expect(ended).toMatchObject({ code: null, signal });
    const called = stdout.split('\n').filter((line) => line !== '');
    expect(called.slice(0, 10).map((line) => JSON.parse(line).by)).toEqual(['a']);
  });

  test.each(SIGNALS)(
    'ends the process for a foreign %s as it would without a copy',
    async (signal) => {
      const ended = await expectSame('signals/copy#touch', { args: [signal], cwd: withCopy() });
      expect(ended).toMatchObject({ code: null, signal, stdout: `${JSON.stringify(TRAPS)}\n` });
    },
  );

  test('can go without the guard while the other one has it', async () => {
    const said = await hearForeign('signals/copy#withoutGuard', { cwd: withCopy() });
    expect(said).toEqual([SURVIVED, 'ERR_MMAP_GUARD_ACTIVE']);
  });
});
