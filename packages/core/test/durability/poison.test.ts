import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { onTmpfs, strace } from '../helpers/strace.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

/** Of a file after something has failed: what it says, and what its methods do. */
const LOOK = `
  const outcome = (call) => {
    try { return call(); } catch (error) { return error.name; }
  };
  const isChange = /^(write$|write[A-Z]|fill|zero|copy(?=Within)|.*[fF]lush|truncate|freeze|closeWith)/;
  const argumentsOf = (name) =>
    /^write(All|Some)?$/.test(name) ? ['x'] : name === 'writeToNewFile' ? ['copy']
    : name === 'zeroRange' || name === 'copyWithin' ? [0, 0] : /^writeBig/.test(name) ? [1n, 0]
    : /^write[A-Z]/.test(name) ? [1, 0, 1] : /lush|freeze/.test(name) ? [] : [1];
  /** What every method does that changes the file: all have the same outcome. */
  const changes = (object) => {
    const outcomes = new Set();
    const names = new Set();
    for (let from = object; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
      for (const name of Object.getOwnPropertyNames(from)) if (isChange.test(name)) names.add(name);
    }
    for (const name of names) outcomes.add(String(outcome(() => object[name](...argumentsOf(name)))));
    if (names.size < 43) throw new Error('only ' + [...names]);
    return [...outcomes].join();
  };
  const look = (file) => ({
    isPoisoned: file.isPoisoned,
    length: file.length,
    isEmpty: file.isEmpty,
    isClosed: file.isClosed,
    lockState: file.lockState,
    asBuffer: outcome(() => file.asBuffer().length),
    copyBytes: outcome(() => file.copyBytes().length),
    read: outcome(() => file.read(Buffer.alloc(10))),
    indexOf: outcome(() => file.indexOf('x')),
    reader: outcome(() => file.reader().length),
    size: outcome(() => file.stat().size),
  });
`;

const POISONED = {
  isPoisoned: true,
  length: 0,
  isEmpty: true,
  isClosed: false,
  lockState: 'exclusive',
  asBuffer: 0,
  copyBytes: 0,
  read: 0,
  indexOf: -1,
  reader: 0,
};

/** The way in which each poisoned file is found, and from which it goes on. */
const POISONED_FILE = `
  say(look(file));
  say(changes(file));
  say([outcome(() => file.readUInt8(0)), file.path === args[0], file.lockState]);
  file.unlock();
  say([file.tryLock(), file.lockState]);
`;
const FOUND = [
  expect.objectContaining(POISONED),
  'MmapPoisonedError',
  ['MmapPoisonedError', true, 'exclusive'],
  [true, 'exclusive'],
];

describe('a flush that fails', () => {
  const flushes = {
    flush: ['file.flush()', 'msync'],
    'flush of a part': [`file.flush(${PAGE + 5}, 10)`, 'msync'],
    'flush of a writer': ['writer.flush()', 'msync'],
    startFlush: ['file.startFlush()', 'sync_file_range'],
  };

  test.each(Object.entries(flushes))(
    'in %s poisons the file',
    async (_, [call = '', syscall = '']) => {
      const path = tempFile(CONTENT);
      const { through } = strace(syscall, [`${syscall}:error=EIO:when=1`]);
      const said = await hear(
        `${LOOK}
      const file = MmapFileMut.openExisting(args[0]);
      const view = file.asBuffer();
      const writer = file.writer();
      writer.writeAll('written');
      say(caught(() => ${call}));
      ${POISONED_FILE}
      say([outcome(() => writer.writeAll('x')), outcome(() => writer.flush())]);
      // The system calls are fine by now, and must not make a success of what was lost.
      for (let i = 0; i < 3; ++i) say(outcome(() => file.flush()));
      say(view.toString('latin1', 0, 7));
      file.close();
      say([file.isClosed, file.lockState]);
      `,
        { args: [path], through },
      );
      expect(said).toEqual([
        expect.objectContaining({ name: 'MmapError', code: 'EIO', errno: -5, syscall, path }),
        ...FOUND,
        ['MmapPoisonedError', 'MmapPoisonedError'],
        ...Array(3).fill('MmapPoisonedError'),
        'written',
        [true, 'none'],
      ]);
      expect(fs.readFileSync(path, 'latin1').startsWith('written')).toBe(true);
    },
  );

  test('leaves remove to work', async () => {
    const path = tempFile(CONTENT);
    const { through } = strace('msync', ['msync:error=EIO:when=1']);
    const said = await hear(
      `const file = MmapFileMut.openExisting(args[0]);
      say(caught(() => file.flush()).code);
      file.remove();
      say([file.isClosed, fs.existsSync(args[0])]);`,
      { args: [path], through },
    );
    expect(said).toEqual(['EIO', [true, false]]);
  });

  test('does not poison the next handle on the same file', async () => {
    const path = tempFile(CONTENT);
    const { through } = strace('msync', ['msync:error=EIO:when=1']);
    const said = await hear(
      `const file = MmapFileMut.openExisting(args[0]);
      say(caught(() => file.flush()).code);
      file.close();
      const next = MmapFileMut.openExisting(args[0]);
      next.flush();
      say([next.isPoisoned, next.length]);`,
      { args: [path], through },
    );
    expect(said).toEqual(['EIO', [false, CONTENT.length]]);
  });
});

/** What a file is resized to before, which leaves it a larger reservation, and then. */
const RESIZES = {
  'shrinking within a page': [CONTENT.length, CONTENT.length - 10],
  'shrinking by pages': [CONTENT.length, PAGE + 1],
  'shrinking to 0': [CONTENT.length, 0],
  'growing within the last page': [PAGE + 1, PAGE + 100],
  'growing within the reservation': [PAGE + 1, 2 * PAGE + 1],
  'growing beyond the reservation': [CONTENT.length, 100 * PAGE],
  'growing from 0': [0, 2 * PAGE],
} as const;

/** The child that fails at its second truncate. */
const RESIZE = `${LOOK}
  const [path, first, second] = [args[0], Number(args[1]), Number(args[2])];
  const file = MmapFileMut.openExisting(path);
  if (first !== file.length) file.truncate(first);
  const before = file.copyBytes();
  const view = file.asBuffer();
  const error = caught(() => file.truncate(second));
  say({ code: error.code, syscall: error.syscall, path: error.path });
`;
const resizes = Object.entries(RESIZES).map(([name, [first, second]]) => ({
  name,
  args: (path: string) => [path, String(first), String(second)],
  content: first === 0 ? Buffer.alloc(0) : CONTENT,
  /** Which call of a kind is the second truncate's, when each truncate makes one. */
  when: first === CONTENT.length || first === 0 ? 1 : 2,
  second,
}));

const USABLE = `
  say([file.isPoisoned, file.length === before.length, file.copyBytes().equals(before),
    view.equals(before), fs.readFileSync(path).equals(before)]);
  if (before.length > 0) file.writeUInt8(77, before.length - 1);
  if (before.length > 0) say([view.at(-1), fs.readFileSync(path).at(-1)]);
  file.flush();
  file.truncate(second);
  say([file.length === second, fs.statSync(path).size === second]);
  file.freeze().close();
`;
const isUsable = (args: string[]) => [
  [false, true, true, true, true],
  ...(args[1] === '0' ? [] : [[77, 77]]),
  [true, true],
];

describe.each(resizes)('a truncate, $name,', ({ args, content, when, second }) => {
  test('whose ftruncate fails leaves the file as it was, and usable', async () => {
    const path = tempFile(content);
    const { through } = strace('ftruncate', [`ftruncate:error=EIO:when=${when}`], path);
    const said = await hear(RESIZE + USABLE, { args: args(path), through });
    expect(said).toEqual([{ code: 'EIO', syscall: 'ftruncate', path }, ...isUsable(args(path))]);
  });

  test('whose fsync fails behind the ftruncate poisons the file', async () => {
    const path = tempFile(content);
    const { through } = strace('fsync', [`fsync:error=EIO:when=${when}`], path);
    const said = await hear(
      `${RESIZE}${POISONED_FILE}
      view[0] = 1;
      say(view.length);
      file.close();`,
      { args: args(path), through },
    );
    expect(said).toEqual([
      { code: 'EIO', syscall: 'fsync', path },
      ...FOUND,
      Number(args(path)[1]),
    ]);
    expect(said[1]).toMatchObject({ size: second });
  });

  test('whose fsync fails behind the ftruncate leaves remove to work', async () => {
    const path = tempFile(content);
    const { through } = strace('fsync', [`fsync:error=EIO:when=${when}`], path);
    const said = await hear(
      `${RESIZE}
      file.remove();
      say([file.isClosed, fs.existsSync(path)]);`,
      { args: args(path), through },
    );
    expect(said).toEqual([{ code: 'EIO', syscall: 'fsync', path }, [true, false]]);
  });
});

describe('memory that cannot be mapped', () => {
  test.each(resizes.filter(({ name }) => /beyond|from 0/.test(name)))(
    'before the file was changed, $name, leaves it usable',
    async ({ args, content, name }) => {
      const path = tempFile(content);
      // The first mapping is that of the open, where there is something to map.
      const when = content.length === 0 ? 1 : 2;
      const { through } = strace('mmap', [`mmap:error=ENOMEM:when=${when}`], path);
      const said = await hear(RESIZE + USABLE, { args: args(path), through });
      expect(said, name).toEqual([
        { code: 'ENOMEM', syscall: 'mmap', path },
        ...isUsable(args(path)),
      ]);
    },
  );

  test.each([
    // A file that has shrunk grows in its own window, and there the new pages are mapped last.
    ['after the file has grown', ['mmap:error=ENOMEM:when=2'], PAGE + 1, 2 * PAGE + 1],
    [
      'after the file could not be shrunk',
      ['ftruncate:error=EIO:when=1', 'mmap:error=ENOMEM:when=2'],
      CONTENT.length,
      PAGE,
    ],
  ] as const)('%s poisons it', async (_, fail, first, second) => {
    const path = tempFile(CONTENT);
    const { through } = strace('mmap,ftruncate', [...fail], path);
    const said = await hear(`${RESIZE}${POISONED_FILE} file.close();`, {
      args: [path, String(first), String(second)],
      through,
    });
    expect(said).toEqual([expect.objectContaining({ path }), ...FOUND]);
    expect(said[0]).toMatchObject({ code: expect.stringMatching(/^(ENOMEM|EIO)$/) });
  });

  test('in place of pages that go leaves the file as it was: a view never outlives them', async () => {
    const directory = tempDir();
    const path = tempFile(CONTENT);
    const library = join(directory, 'no-filler.so');
    const source = fileURLToPath(new URL('../helpers/no-filler.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    const flag = join(directory, 'flag');
    const preloaded = [process.env.LD_PRELOAD, library].filter(Boolean).join(':');
    const said = await hear(
      `${RESIZE.replace('const error', `fs.writeFileSync(${JSON.stringify(flag)}, ''); const error`)}
      fs.unlinkSync(${JSON.stringify(flag)});
      view.fill(1, ${PAGE});
      view.set(before);
      ${USABLE}`,
      {
        args: [path, String(CONTENT.length), String(PAGE)],
        through: ['env', `LD_PRELOAD=${preloaded}`, `FMMAP_NO_FILLER=${flag}`],
      },
    );
    expect(said).toEqual([
      { code: 'ENOMEM', syscall: 'mmap', path },
      ...isUsable([path, String(CONTENT.length)]),
    ]);
  });
});

test('a freeze whose mprotect fails leaves the file writable', async () => {
  const directory = tempDir();
  const path = join(directory, 'file.bin');
  const said = await hear(
    `fs.writeFileSync(args[0], 'content');
    const file = MmapFileMut.openExisting(args[0]);
    const view = file.asBuffer();
    const { code, syscall } = caught(() => file.freezeExec());
    say({ code, syscall, isExec: file.isExec, isPoisoned: file.isPoisoned, isClosed: file.isClosed });
    file.writeAll('CON');
    view.write('T', 3);
    file.flush();
    file.truncate(20);
    say(file.copyBytes(0, 7).toString());
    const frozen = file.freeze();
    say([frozen.copyBytes(0, 7).toString(), file.isClosed, frozen.isExec]);
    frozen.close();`,
    { args: [path], through: onTmpfs(directory, 'size=1m,noexec') },
  );
  expect(said).toEqual([
    { code: 'EACCES', syscall: 'mprotect', isExec: false, isPoisoned: false, isClosed: false },
    'CONTent',
    ['CONTent', true, false],
  ]);
});
