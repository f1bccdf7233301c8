// What may happen to a mapped file, and what may be requested of a mapping. Each `run` returns what it observed.
import * as fs from 'node:fs';
import { Worker } from 'node:worker_threads';

const GIB = 2 ** 30;

/** What a method of the file reports, if there are any. */
function asked(lib, bytes) {
  if (!lib.ask) return '';
  try {
    return `; a method then returns ${lib.ask(bytes)}`;
  } catch (error) {
    return `; methods then throw ${error.name}`;
  }
}

/** Maps a byte at an offset and compares it. */
function readAt({ lib, file }, size, offset) {
  if (lib.noOffset) return 'has no offset';
  const path = file(size, { 0: 'A', [offset]: 'B' });
  const bytes = lib.map(path, 4096, { offset });
  if (bytes[0] === 0x42) return 'works';
  return `**wrong data**: ${bytes[0] === 0x41 ? 'offset 0 is mapped' : 'another offset is mapped'}`;
}

export const CASES = {
  stray: {
    about: 'store into a read-only map',
    run({ lib, file }) {
      const path = file(65_536, { 0: 'A' });
      const bytes = lib.map(path, 65_536);
      bytes[0] = 0x42;
      const isChanged = fs.readFileSync(path)[0] !== 0x41;
      return (
        (isChanged ? '**changes the file**' : 'survives, the file is unchanged') + asked(lib, bytes)
      );
    },
  },
  truncated: {
    about: 'truncated by another process',
    run({ lib, file, shell }) {
      const bytes = lib.map(file(2 ** 20, { 0: 'A', 500000: 'A' }), 2 ** 20);
      shell(': > "$1"');
      return `survives, reads ${bytes[500_000]}${asked(lib, bytes)}`;
    },
  },
  closed: {
    about: 'a view used after unmap',
    run({ lib, file }) {
      if (!lib.unmap) return 'has no unmap';
      const path = file(2 ** 20, { 0: 'A' });
      const bytes = lib.map(path, 2 ** 20);
      lib.unmap(bytes);
      const other = `${path}.other`;
      fs.writeFileSync(other, Buffer.alloc(2 ** 20, 'Z'));
      lib.map(other, 2 ** 20);
      if (bytes[0] === 0x5a) return "**another file's bytes**";
      return `survives, reads ${bytes[0]}${asked(lib, bytes)}`;
    },
  },
  beyond: {
    about: 'length past the end of the file',
    run({ lib, file }) {
      const bytes = lib.map(file(4096, { 0: 'A' }), 65_536);
      return `maps ${bytes.length} bytes, reads ${bytes[60_000]}`;
    },
  },
  empty: {
    about: 'empty file',
    run: ({ lib, file }) => `works, ${lib.map(file(0), 0).length} bytes`,
  },
  large: {
    about: '6 GiB file, a byte at 5 GiB',
    run: (tools) => readAt(tools, 6 * GIB, 5 * GIB),
  },
  four: {
    about: 'offset of exactly 4 GiB',
    run: (tools) => readAt(tools, 6 * GIB, 4 * GIB),
  },
  nan: {
    about: 'offset NaN',
    run({ lib, file }) {
      if (lib.noOffset) return 'has no offset';
      const bytes = lib.map(file(8192, { 0: 'A' }), 4096, { offset: Number.NaN });
      return `**maps** ${bytes.length} bytes at offset 0`;
    },
  },
  many: {
    about: '1,000 mappings of 1 MiB',
    run({ lib, file }) {
      const path = file(2 ** 20, { 1000: 'A' });
      const before = fs.readdirSync('/proc/self/fd').length;
      const maps = Array.from({ length: 1000 }, () => lib.map(path, 2 ** 20));
      if (!maps.every((bytes) => bytes[1000] === 0x41)) return '**wrong data**';
      for (const bytes of maps) lib.unmap?.(bytes);
      const left = fs.readdirSync('/proc/self/fd').length - before;
      return left > 0 && lib.unmap ? `works, **leaks ${left} descriptors**` : 'works';
    },
  },
  thread: {
    about: 'loaded in a worker thread as well',
    async run({ contender, file }) {
      const path = file(4096, { 0: 'A' });
      const address = new URL('contender.mjs', import.meta.url).href;
      const source = `
        import(${JSON.stringify(address)}).then(async ({ loadContender }) => {
          const { parentPort } = require('node:worker_threads');
          try {
            const lib = await loadContender(${JSON.stringify(contender)});
            const [byte] = lib.map(${JSON.stringify(path)}, 4096);
            parentPort.postMessage(byte === 65 ? 'works' : 'wrong data');
          } catch (error) {
            parentPort.postMessage('error: ' + error.message.split('\\n')[0].replace(/\\/\\S*\\//g, ''));
          }
        });`;
      const worker = new Worker(source, { eval: true });
      const [seen] = await new Promise((resolve) => {
        worker.once('message', (message) => resolve([message]));
        worker.once('error', (error) => resolve([`error: ${error.message}`]));
      });
      return seen;
    },
  },
};
