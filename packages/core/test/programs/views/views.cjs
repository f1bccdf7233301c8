// Views and what becomes of them.
const fs = require('node:fs');
const { devNull } = require('node:os');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { Worker, receiveMessageOnPort } = require('node:worker_threads');
const zlib = require('node:zlib');
const { until, collect, apart } = require('../garbage.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { pattern, say } = require('../program.cjs');
const { mappings } = require('../counts.cjs');

const content = pattern(3 * 4096 + 100);
const mapped = (path) => mappings(path) > 0;
const isZero = (view) => new Uint8Array(view.buffer ?? view).every((byte) => byte === 0);
const isFile = (view, offset = 0) => {
  const bytes = Buffer.from(view.buffer ?? view);
  return bytes.length > 0 && bytes.equals(content.subarray(offset, offset + bytes.length));
};

/** What is kept until it is dropped. */
const held = /** @type {any} */ ({});

exports.buffers = (path) => {
  const file = MmapFileMut.open(path);
  const offset = 5000;
  const shape = (view, offset) => [
    Buffer.isBuffer(view),
    view.buffer instanceof ArrayBuffer,
    view.byteOffset,
    view.buffer.byteLength - view.length,
    isFile(view, offset),
  ];
  say(shape(file.asBuffer(), 0));
  say(shape(file.bytes(offset, 777), offset));
  say(shape(file.reader(offset).bytes(777), offset));
  say(shape(file.reader(offset).peek(777), offset));
  const view = file.bytes(offset, 8);
  const other = file.bytes(offset, 8);
  view[3] = 200;
  say([view.buffer === other.buffer, other[3], file.readUInt8(offset + 3)]);
};

exports.reported = () => {
  process.on('warning', (/** @type {NodeJS.ErrnoException} */ { name, code }) =>
    say(`${name} ${code}`),
  );
  const memory = MmapFileMut.anonymous(2 ** 26);
  memory.bytes(0, 2 ** 26 - 1);
  setImmediate(() => {
    say('large');
    memory.asBuffer();
    memory.asBuffer();
  });
};

exports.cloned = (path) => {
  const file = MmapFileMut.open(path);
  const clone = structuredClone(file.bytes(100, 1000));
  file.writeUInt8(content[100] ^ 255, 100);
  say([clone.buffer.byteLength, isFile(clone, 100)]);
};

exports.afterClose = async (path) => {
  const file = MmapFileMut.open(path);
  const views = [file.asBuffer(), file.bytes(9000, 5), file.bytes(1, 4096)];
  say(views.map((view, index) => isFile(view, [0, 9000, 1][index])));
  const jobs = views.flatMap((view) => [
    promisify(zlib.deflate)(view),
    promisify(zlib.gzip)(view),
    crypto.subtle.digest('SHA-256', view),
    fs.promises.writeFile(devNull, view),
  ]);
  file.close();
  say(views.map(isZero));
  views.length = 0;
  await collect();
  say((await Promise.allSettled(jobs)).map(({ status }) => status));
};

exports.keepDropped = async (path) => {
  await apart(() => {
    held.view = MmapFile.open(path).bytes(4000, 300);
  });
  await collect();
  say([mapped(path), isFile(held.view, 4000)]);
  held.view = undefined;
  await until(() => !mapped(path));
  MmapFileMut.open(path).close();
};

exports.outgrown = async (path) => {
  const file = MmapFileMut.open(path);
  await apart(() => {
    held.views = [];
    for (let size = 2 ** 16; size <= 2 ** 22; size *= 4) {
      held.views.push(file.bytes(100, 300));
      file.truncate(size);
    }
  });
  file.writeUInt8(77, 100);
  content[100] = 77;
  say([held.views.every((view) => isFile(view, 100)), mappings(path) > 1]);
  held.views = undefined;
  await until(() => mappings(path) === 1);
  file.close();
};

exports.detached = (path) => {
  for (const detachOnClose of [false, true]) {
    const file = MmapFileMut.open(path, { detachOnClose });
    const views = [file.asBuffer(), ...Array.from({ length: 100 }, (_, at) => file.bytes(at, 9))];
    say([views.every((view) => view.length > 0), views[0].buffer instanceof ArrayBuffer]);
    file.close();
    say([...new Set(views.map(({ buffer }) => buffer.byteLength))]);
  }
};

exports.counted = (path) => {
  fs.truncateSync(path, 2 ** 28);
  const file = MmapFile.open(path);
  const counted = () => {
    const { external, arrayBuffers } = process.memoryUsage();
    return external + arrayBuffers;
  };
  const before = counted();
  const views = Array.from({ length: 1000 }, () => file.asBuffer());
  say([views.every(({ length }) => length === 2 ** 28), counted() - before < 2 ** 20]);
};

exports.transferred = async (path) => {
  const file = MmapFileMut.open(path);
  const view = file.bytes(10, 1000);
  const other = file.bytes(10, 1000);
  const whole = file.asBuffer();
  const moved = structuredClone(view.buffer, { transfer: [view.buffer] });
  say([view.length, isFile(moved, 10), isFile(other, 10), isFile(whole), isFile(file.asBuffer())]);
  file.writeUInt8(content[10] ^ 255, 10);
  say(new Uint8Array(moved)[0] === other[0]);
  await apart(() => {
    const { port1, port2 } = new MessageChannel();
    const all = file.asBuffer();
    port1.postMessage(all, [all.buffer]);
    held.received = receiveMessageOnPort(port2)?.message;
    port1.close();
  });
  say([held.received.length, held.received[10] === other[0]]);
  const stream = new ReadableStream({
    type: 'bytes',
    start: (controller) => controller.enqueue(file.bytes(20, 30)),
  });
  const { value } = await stream.getReader().read();
  say([value?.length, isFile(value, 20)]);
  /** @type {any} */ (file.bytes(0, 10).buffer).transfer?.();
  say(file.length);
  file.close();
  say([moved, other, whole, held.received, value].map(isZero));
};

exports.movedKeeps = async (path) => {
  await apart(() => {
    const { buffer } = MmapFile.open(path).bytes(4000, 300);
    held.moved = structuredClone(buffer, { transfer: [buffer] });
  });
  await collect();
  say([mapped(path), isFile(held.moved, 4000)]);
  held.moved = undefined;
  await until(() => !mapped(path));
  MmapFileMut.open(path).close();
};

exports.movedToThread = async (path) => {
  const worker = new Worker(join(__dirname, 'giving-thread.cjs'), { workerData: { path } });
  await new Promise((resolve) => {
    worker.once('message', (message) => {
      held.view = message;
      resolve(undefined);
    });
  });
  await worker.terminate();
  await collect();
  say([mapped(path), isFile(held.view, 4000)]);
  held.view = undefined;
  await until(() => !mapped(path));
  MmapFileMut.open(path).close();
};

exports.shared = async (path) => {
  const file = MmapFileMut.open(path, { shared: true });
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
  say([view, before, clone].map((each) => each.every((byte) => byte === 0)));
};
