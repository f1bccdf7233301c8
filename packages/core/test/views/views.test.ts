import { describe, expect, test } from 'vitest';
import { DIST, hear } from '../helpers/child.js';
import { GARBAGE } from '../helpers/garbage.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE + 100);

const TOOLS = `
  ${GARBAGE}
  const content = fs.readFileSync(args[0]);
  const mapped = (path) => fs.readFileSync('/proc/self/maps', 'utf8').includes(path);
  const isZero = (view) => new Uint8Array(view.buffer ?? view).every((byte) => byte === 0);
  const isFile = (view, offset = 0) => {
    const bytes = Buffer.from(view.buffer ?? view);
    return bytes.length > 0 && bytes.equals(content.subarray(offset, offset + bytes.length));
  };
`;

const WAYS = {
  "of V8's own": [],
  'that the engine counts': ['env', 'FMMAP_PLAIN_VIEWS=0'],
};

function see(source: string, through: readonly string[], content: Buffer = CONTENT) {
  const options = { args: [tempFile(content)], through: [...through], timeout: 60_000 };
  return hear(`${TOOLS}${source}`, options);
}

describe.each(Object.entries(WAYS))('views %s', (way, through) => {
  const isPlain = way === "of V8's own";

  test('are Buffers over an ArrayBuffer of exactly their own bytes', async () => {
    const said = await see(
      `const file = MmapFileMut.open(args[0]);
       const offset = 5000;
       const shape = (view, offset) => [
         Buffer.isBuffer(view), view.buffer instanceof ArrayBuffer, view.byteOffset,
         view.buffer.byteLength - view.length, isFile(view, offset),
       ];
       say(shape(file.asBuffer(), 0));
       say(shape(file.bytes(offset, 777), offset));
       say(shape(file.reader(offset).bytes(777), offset));
       say(shape(file.reader(offset).peek(777), offset));
       const view = file.bytes(offset, 8), other = file.bytes(offset, 8);
       view[3] = 200;
       say([view.buffer === other.buffer, other[3], file.readUInt8(offset + 3)]);`,
      through,
    );
    const shape = [true, true, 0, 0, true];
    expect(said).toEqual([shape, shape, shape, shape, [false, 200, 200]]);
  });

  test('are reported, once, if the engine counts them and they are large', async () => {
    const said = await see(
      `process.on('warning', ({ name, code }) => say(name + ' ' + code));
       const memory = MmapFileMut.anonymous(2 ** 26);
       memory.bytes(0, 2 ** 26 - 1);
       setImmediate(() => {
         say('large');
         memory.asBuffer();
         memory.asBuffer();
       });`,
      through,
    );
    const warning = isPlain ? [] : ['MmapViewWarning FMMAP_COUNTED_VIEWS'];
    expect(said).toEqual(['large', ...warning]);
  });

  test('are cloned with their range, and not with the file', async () => {
    const said = await see(
      `const file = MmapFileMut.open(args[0]);
       const clone = structuredClone(file.bytes(100, 1000));
       file.writeUInt8(content[100] ^ 255, 100);
       say([clone.buffer.byteLength, isFile(clone, 100)]);`,
      through,
    );
    expect(said).toEqual([[1000, true]]);
  });

  test('read zeroes after close, and work in flight has memory until it is over', async () => {
    const said = await see(
      `const zlib = require('node:zlib');
       const { promisify } = require('node:util');
       const file = MmapFileMut.open(args[0]);
       const views = [file.asBuffer(), file.bytes(9000, 5), file.bytes(1, 4096)];
       say(views.map((view, index) => isFile(view, [0, 9000, 1][index])));
       const jobs = views.flatMap((view) => [
         promisify(zlib.deflate)(view), promisify(zlib.gzip)(view),
         crypto.subtle.digest('SHA-256', view), fs.promises.writeFile('/dev/null', view),
       ]);
       file.close();
       say(views.map(isZero));
       views.length = 0;
       await collect();
       say((await Promise.allSettled(jobs)).map(({ status }) => status));`,
      through,
    );
    const jobs = Array.from({ length: 12 }, () => 'fulfilled');
    expect(said).toEqual([[true, true, true], [true, true, true], jobs]);
  });

  test('keep a file that was dropped, and are all that does', async () => {
    const said = await see(
      `await apart(() => { globalThis.view = MmapFile.open(args[0]).bytes(4000, 300); });
       await collect();
       say([mapped(args[0]), isFile(view, 4000)]);
       delete globalThis.view;
       await until(() => !mapped(args[0]));
       MmapFileMut.open(args[0]).close();`,
      through,
    );
    expect(said).toEqual([[true, true]]);
  });

  test('go on showing the file that outgrew them, and what they look through goes with them', async () => {
    const said = await see(
      `const file = MmapFileMut.open(args[0]);
       const ranges = () => fs.readFileSync('/proc/self/maps', 'utf8').split(args[0]).length - 1;
       await apart(() => {
         globalThis.views = [];
         for (let size = 2 ** 16; size <= 2 ** 22; size *= 4) {
           views.push(file.bytes(100, 300));
           file.truncate(size);
         }
       });
       file.writeUInt8(77, 100);
       content[100] = 77;
       say([views.every((view) => isFile(view, 100)), ranges() > 1]);
       delete globalThis.views;
       await until(() => ranges() === 1);
       file.close();`,
      through,
    );
    expect(said).toEqual([[true, true]]);
  });

  test('are not detached by close, but with detachOnClose, and then all of them', async () => {
    const said = await see(
      `for (const detachOnClose of [false, true]) {
         const file = MmapFileMut.open(args[0], { detachOnClose });
         const views = [file.asBuffer(), ...Array.from({ length: 100 }, (_, at) => file.bytes(at, 9))];
         say([views.every((view) => view.length > 0), views[0].buffer instanceof ArrayBuffer]);
         file.close();
         say([...new Set(views.map(({ buffer }) => buffer.byteLength))]);
       }`,
      through,
    );
    expect(said).toEqual([[true, true], [CONTENT.length, 9], [true, true], [0]]);
  });

  test('are counted by the engine only where that cannot be helped', async () => {
    const said = await see(
      `fs.truncateSync(args[0], 2 ** 28);
       const file = MmapFile.open(args[0]);
       const counted = () => {
         const { external, arrayBuffers } = process.memoryUsage();
         return external + arrayBuffers;
       };
       const before = counted();
       const views = Array.from({ length: 1000 }, () => file.asBuffer());
       say([views.every(({ length }) => length === 2 ** 28), counted() - before < 2 ** 20]);`,
      through,
    );
    expect(said).toEqual([[true, isPlain]]);
  });
});

test('a view that is transferred goes alone, and shows the file wherever it is', async () => {
  const said = await see(
    `const file = MmapFileMut.open(args[0]);
     const view = file.bytes(10, 1000), other = file.bytes(10, 1000), whole = file.asBuffer();
     const moved = structuredClone(view.buffer, { transfer: [view.buffer] });
     say([view.length, isFile(moved, 10), isFile(other, 10), isFile(whole), isFile(file.asBuffer())]);
     file.writeUInt8(content[10] ^ 255, 10);
     say(new Uint8Array(moved)[0] === other[0]);
     await apart(() => {
       const { port1, port2 } = new MessageChannel();
       const all = file.asBuffer();
       port1.postMessage(all, [all.buffer]);
       globalThis.received = require('node:worker_threads').receiveMessageOnPort(port2).message;
       port1.close();
     });
     say([received.length, received[10] === other[0]]);
     const stream = new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(file.bytes(20, 30)) });
     const { value } = await stream.getReader().read();
     say([value.length, isFile(value, 20)]);
     if (ArrayBuffer.prototype.transfer) file.bytes(0, 10).buffer.transfer();
     say(file.length);
     file.close();
     say([moved, other, whole, received, value].map(isZero));`,
    [],
  );
  expect(said).toEqual([
    [0, true, true, true, true],
    true,
    [CONTENT.length, true],
    [30, true],
    CONTENT.length,
    [true, true, true, true, true],
  ]);
});

test('a view that was moved keeps the file that was dropped', async () => {
  const said = await see(
    `await apart(() => {
       const { buffer } = MmapFile.open(args[0]).bytes(4000, 300);
       globalThis.moved = structuredClone(buffer, { transfer: [buffer] });
     });
     await collect();
     say([mapped(args[0]), isFile(moved, 4000)]);
     delete globalThis.moved;
     await until(() => !mapped(args[0]));
     MmapFileMut.open(args[0]).close();`,
    [],
  );
  expect(said).toEqual([[true, true]]);
});

test('a view that was moved to another thread outlives the one that it comes from', async () => {
  const said = await see(
    `const { Worker } = require('node:worker_threads');
     const worker = new Worker(
       \`
         const { parentPort, workerData } = require('node:worker_threads');
         const view = require(${JSON.stringify(DIST)}).MmapFileMut.open(workerData).bytes(4000, 300);
         parentPort.postMessage(view, [view.buffer]);
         setInterval(() => {}, 1000);
       \`,
       { eval: true, workerData: args[0] },
     );
     await new Promise((resolve) => worker.once('message', (message) => {
       globalThis.view = message;
       resolve();
     }));
     await worker.terminate();
     await collect();
     say([mapped(args[0]), isFile(view, 4000)]);
     delete globalThis.view;
     await until(() => !mapped(args[0]));
     MmapFileMut.open(args[0]).close();`,
    [],
  );
  expect(said).toEqual([[true, true]]);
});

test('with "shared" they lie over memory that threads share', async () => {
  const said = await see(
    `const file = MmapFileMut.open(args[0], { shared: true });
     const view = file.bytes(8, 16);
     const clone = structuredClone(view);
     clone[0] = 99;
     say([view.buffer instanceof SharedArrayBuffer, view[0], file.readUInt8(8)]);
     Atomics.add(new Int32Array(file.asBuffer().buffer, 4, 1), 0, 1);
     const before = file.asBuffer();
     file.truncate(2 ** 22);
     before[1] = 98;
     await collect();
     before[2] = 97;
     say([file.readUInt8(1), file.readUInt8(2)]);
     file.close();
     say([view, before, clone].map((each) => each.every((byte) => byte === 0)));`,
    [],
  );
  expect(said).toEqual([
    [true, 99, 99],
    [98, 97],
    [true, true, true],
  ]);
});
