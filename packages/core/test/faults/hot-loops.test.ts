import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startChild } from '../helpers/child.js';
import { FAULTS, faultError } from '../helpers/faults.js';
import { tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

const PAGE = 4096;
const SIZE = 64 * PAGE;
const ROUNDS = 5;

/** Optimised code: each goes over all of the file, and says whether all of it was there. */
const VIEWS: Record<string, string> = {
  'a typed array': `(file, view) => {
    let isWhole = true;
    for (let at = 0; at < view.length; ++at) if (view[at] !== 0x11) isWhole = false;
    return isWhole;
  }`,
  'a DataView': `(file, { buffer, byteOffset, length }) => {
    const data = new DataView(buffer, byteOffset, length);
    let isWhole = true;
    for (let at = 0; at < length; at += 8) if (data.getBigUint64(at) !== 0x1111111111111111n) isWhole = false;
    return isWhole;
  }`,
  'Buffer.readUInt32LE': `(file, view) => {
    let isWhole = true;
    for (let at = 0; at < view.length; at += 4) if (view.readUInt32LE(at) !== 0x11111111) isWhole = false;
    return isWhole;
  }`,
  'stores and loads': `(file, view) => {
    let isWhole = true;
    for (let at = 0; at < view.length; ++at) {
      if (view[at] !== 0x11) isWhole = false;
      view[at] = 0x11;
    }
    return isWhole;
  }`,
};

/** These throw, and whatever they return before is the file's: a wrong value ends the child badly. */
const CALLS: Record<string, string> = {
  'file.readUInt8': `file => {
    for (let at = 0; at < ${SIZE}; ++at) if (file.readUInt8(at) !== 0x11) madeUp();
  }`,
  'file.readUInt32LE': `file => {
    for (let at = 0; at < ${SIZE - 4}; at += 5) if (file.readUInt32LE(at) !== 0x11111111) madeUp();
  }`,
  'file.readBigUInt128BE': `file => {
    for (let at = 0; at < ${SIZE - 16}; at += 17) {
      if (file.readBigUInt128BE(at) !== 0x11111111111111111111111111111111n) madeUp();
    }
  }`,
  'readX of a reader': `file => {
    const reader = file.reader();
    while (reader.remaining > 8) {
      if (reader.readUInt16BE() !== 0x1111) madeUp();
      if (reader.readFloatLE() !== FLOAT) madeUp();
    }
  }`,
  'reader.read': `file => {
    const target = Buffer.alloc(100);
    for (const reader = file.reader(); reader.remaining > 0; ) {
      if (!target.subarray(0, reader.read(target)).every((byte) => byte === 0x11)) madeUp();
    }
  }`,
  'file.copyBytes of less than a page': `file => {
    for (let at = 0; at < ${SIZE - 100}; at += 100) {
      if (!file.copyBytes(at, 100).equals(WHOLE.subarray(0, 100))) madeUp();
    }
  }`,
  'file.copyBytes of all': 'file => { if (!file.copyBytes().equals(WHOLE)) madeUp(); }',
  'file.indexOf': 'file => { if (file.indexOf(0) !== -1) madeUp(); }',
  'file.lastIndexOf': 'file => { if (file.lastIndexOf(Buffer.alloc(2)) !== -1) madeUp(); }',
  'reader.readLine': `file => {
    if (file.reader().readLine() !== TEXT) madeUp();
  }`,
  'file.writeUInt32BE and readUInt32BE': `file => {
    for (let at = 0; at < ${SIZE - 4}; at += 5) {
      file.writeUInt32BE(0x11111111, at);
      if (file.readUInt32BE(at) !== 0x11111111) madeUp();
    }
  }`,
};

/** In a child: loops until the file is gone, and says how that was noticed. */
const loop = (source: string, truncate: string): string => `
  ${THREADS}${FAULTS}
  const WHOLE = Buffer.alloc(${SIZE}, 0x11);
  const TEXT = WHOLE.toString();
  const FLOAT = WHOLE.readFloatLE();
  const madeUp = () => { throw new Error('a value that is not in the file'); };
  const path = args[0];
  const isWhole = ${source};
  const passes = new Int32Array(new SharedArrayBuffer(4));
  const thread = startThread();
  for (let round = 0; round < ${ROUNDS}; ++round) {
    fs.writeFileSync(path, WHOLE);
    const file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    passes[0] = 0;
    ${truncate}
    const noticed = faultOf(() => {
      while (isWhole(file, view) !== false) {
        Atomics.add(passes, 0, 1);
        Atomics.notify(passes, 0);
        if (passes[0] === 20) HOT();
      }
    });
    await done;
    say([noticed, file.isFaulted, faultOf(() => file.checkFault())]);
    file.close();
  }
  process.exit();`;

/** Once the loop is hot. */
const WAYS = {
  'a worker thread': `const HOT = () => {};
    const done = thread.run((path, passes) => {
      for (let seen = 0; seen < 20; seen = Atomics.load(passes, 0)) Atomics.wait(passes, 0, seen);
      fs.truncateSync(path);
    }, path, passes);`,
  'another process': `const HOT = () => say('hot');
    const done = Promise.resolve();`,
};

describe.each(Object.entries(WAYS))('a file that is truncated by %s', (way, truncate) => {
  /** What the loop noticed, each time: the error that it threw, or that it threw none. */
  async function noticed(source: string): Promise<unknown[]> {
    const path = tempFile('');
    const running = startChild(loop(source, truncate), { args: [path] });
    const found: unknown[] = [];
    for (let round = 0; round < ROUNDS; ++round) {
      let said = await running.said();
      if (said === 'hot') {
        fs.truncateSync(path);
        said = await running.said();
      }
      const [error, isFaulted, afterwards] = said as unknown[];
      found.push(error);
      expect(isFaulted).toBe(true);
      expect(afterwards).toEqual(faultError('truncated', expect.any(Number), path));
      if (error !== 'no error') expect(error).toEqual(afterwards);
    }
    expect(await running.done).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(way === 'another process').toBe((await running.done).stdout.includes('hot'));
    return found;
  }

  test.each(Object.entries(VIEWS))('shows zeroes to a hot loop over %s', async (_, source) => {
    expect(await noticed(source)).toEqual(Array(ROUNDS).fill('no error'));
  });

  test.each(Object.entries(CALLS))(
    'makes %s throw, which never returns a made-up value',
    async (_, source) => {
      const error = expect.objectContaining({ name: 'MmapFaultError' });
      expect(await noticed(source)).toEqual(Array(ROUNDS).fill(error));
    },
  );
});
