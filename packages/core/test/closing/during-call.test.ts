import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { tempDir, tempFile } from '../helpers/temp.js';

// Arguments that run code of the user's, which closes the file in the middle of the call and opens
// another one of the same size in its place. In a child: what goes wrong here hangs or crashes.
const PRELUDE = `
  const SIZE = 12288;
  const content = (letter) => Buffer.alloc(SIZE, letter);
  fs.writeFileSync('mine', content('m'));
  fs.writeFileSync('other', content('o'));
  const file = MmapFileMut.openExisting('mine');
  let other;
  /** Closes the file, and maps another one where it may have been. */
  const swap = () => {
    if (other) return;
    file.close();
    other = MmapFileMut.openExisting('other');
  };
  const finish = (outcome) => {
    const intact = fs.readFileSync('other').equals(content('o'));
    say({ outcome: outcome?.name ?? outcome, intact, isClosed: file.isClosed });
  };
`;

async function outcomeOf(source: string): Promise<unknown> {
  const said = await hear(PRELUDE + source, { cwd: tempDir(), timeout: 10_000 });
  expect(said).toHaveLength(1);
  return said[0];
}

const CLOSED = { outcome: 'MmapClosedError', intact: true, isClosed: true };

describe('a file that is closed by an argument of the call', () => {
  test('stat ends, whether or not it has looked already', async () => {
    expect(
      await outcomeOf(
        'finish(caught(() => file.stat({ get bigint() { swap(); return true; } })));',
      ),
    ).toMatchObject({ intact: true, isClosed: true });
  });

  test.each([
    ['read', 'file.read(target)'],
    ['readExact', 'file.readExact(target)'],
    ['reader.read', 'file.reader().read(target)'],
    ['reader.readExact', 'file.reader().readExact(target)'],
  ])(
    '%s into a target whose `length` would close it throws, or does not ask it',
    async (_, call) => {
      const outcome = await outcomeOf(`
      const target = new Uint8Array(SIZE);
      Object.defineProperty(target, 'length', { get() { swap(); return SIZE; } });
      finish(caught(() => ${call}));
    `);
      const NOT_ASKED = { outcome: 'no error', intact: true, isClosed: false };
      expect([CLOSED, NOT_ASKED]).toContainEqual(outcome);
    },
  );

  test.each([
    ['read', 'file.read(target)'],
    ['readExact', 'file.readExact(target)'],
    ['reader.read', 'file.reader().read(target)'],
    ['writer.read', 'file.writer().read(target)'],
  ])('%s into a target with a `set` of its own shows it no other file', async (_, call) => {
    const outcome = await outcomeOf(`
      let leaked = Buffer.alloc(0);
      class Target extends Uint8Array {
        set(bytes) { leaked = bytes; swap(); }
      }
      const target = new Target(SIZE);
      try { ${call}; } catch {}
      swap();
      finish(Buffer.from(leaked).includes('o') ? 'shows the other file' : 'shows nothing');
    `);
    expect(outcome).toEqual({ outcome: 'shows nothing', intact: true, isClosed: true });
  });

  test.each([
    ['write', 'file.write(source)'],
    ['writeSome', 'file.writeSome(source)'],
    ['writeAll', 'file.writeAll(source)'],
    ['fill', 'file.fill(source)'],
    ['indexOf', 'file.indexOf(source)'],
    ['lastIndexOf', 'file.lastIndexOf(source)'],
    ['writer.write', 'file.writer().write(source)'],
    ['writer.writeSome', 'file.writer().writeSome(source)'],
    ['reader.readUntil', 'file.reader().readUntil(source)'],
    ['writer.writeAll', 'file.writer().writeAll(source)'],
  ])(
    '%s of bytes that close it in `subarray` or `length` changes no other file',
    async (_, call) => {
      for (const getter of ['subarray', 'length', 'byteLength', 'byteOffset', 'buffer', 'slice']) {
        const outcome = await outcomeOf(`
        const source = new Uint8Array(SIZE).fill(88);
        const own = Reflect.get(Uint8Array.prototype, '${getter}', source);
        const get = () => {
          swap();
          return typeof own === 'function' ? own.bind(source) : own;
        };
        Object.defineProperty(source, '${getter}', { get });
        try { ${call}; } catch {}
        swap();
        finish('ended');
      `);
        expect(outcome, getter).toEqual({ outcome: 'ended', intact: true, isClosed: true });
      }
    },
  );

  test('write of a subclass whose species closes it changes no other file', async () => {
    expect(
      await outcomeOf(`
        class Source extends Uint8Array {
          static get [Symbol.species]() { swap(); return Uint8Array; }
        }
        try { file.write(new Source(SIZE).fill(88)); } catch {}
        swap();
        finish('ended');
      `),
    ).toEqual({ outcome: 'ended', intact: true, isClosed: true });
  });

  test('writeToNewFile to a URL that closes it throws MmapClosedError and makes no file', async () => {
    const outcome = await outcomeOf(`
      const { pathToFileURL } = require('node:url');
      const url = pathToFileURL(process.cwd() + '/new');
      Object.defineProperty(url, 'pathname', { get() { swap(); return process.cwd() + '/new'; } });
      const error = caught(() => file.writeToNewFile(url));
      // Node may read the URL in another way, and then nobody has closed the file.
      finish(other ? error : { name: 'MmapClosedError' });
      if (other && fs.existsSync('new')) throw new Error('a file was made');
      swap();
    `);
    expect(outcome).toMatchObject({ outcome: 'MmapClosedError', intact: true });
  });

  test('a loop over its lines or chunks ends with MmapClosedError', async () => {
    expect(
      await outcomeOf(`
        file.fill('line\\n');
        const errors = [
          caught(() => { for (const line of file.reader()) if (line === 'line') swap(); }),
          caught(() => { for (const chunk of file.reader().chunks(10)) swap(); }),
        ];
        finish(errors.map(({ name }) => name).join());
      `),
    ).toEqual({ outcome: 'MmapClosedError,MmapClosedError', intact: true, isClosed: true });
  });

  test('a typed write whose value would close it does not convert the value at all', async () => {
    expect(
      await outcomeOf(`
        const value = { valueOf() { swap(); return 1; }, [Symbol.toPrimitive]() { swap(); return 1; } };
        const errors = [
          caught(() => file.writeUInt8(value, 0)),
          caught(() => file.writeDoubleLE(value, 0)),
          caught(() => file.writeBigInt64LE(value, 0)),
          caught(() => file.readUInt8(value)),
          caught(() => file.truncate(value)),
          caught(() => file.fill(0, value)),
        ];
        finish(errors.map(({ name }) => name).join());
      `),
    ).toEqual({ outcome: Array(6).fill('TypeError').join(), intact: true, isClosed: false });
  });
});

test('a length that lies does not make memory() read past its data', async () => {
  const said = await hear(`
    const lying = new Uint8Array(8);
    Object.defineProperty(lying, 'length', { value: 100_000 });
    let file;
    try { file = MmapFile.memory('memory', lying); } catch { say(8); return; }
    say(file.length);
  `);
  expect(said).toEqual([8]);
});

test('options whose getters close another file open the one that was asked for', async () => {
  const path = tempFile('one');
  const said = await hear(
    `
    const first = MmapFileMut.openExisting(args[0]);
    const second = MmapFileMut.openExisting(args[0], { get minSize() { first.close(); return 5; } });
    say([first.isClosed, second.length, second.copyBytes(0, 3).toString()]);
  `,
    { args: [path] },
  );
  expect(said).toEqual([[true, 5, 'one']]);
  expect(fs.statSync(path).size).toBe(5);
});
