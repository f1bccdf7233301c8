// Code that uses a view of a file that is lost, or has lost its end.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { LOST, lose } = require('../losing.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { args, pattern, say } = require('../program.cjs');

const PAGE = 4096;

const buffer = require('node:buffer');
const crypto = require('node:crypto');
const v8 = require('node:v8');
const zlib = require('node:zlib');
const { execFileSync } = require('node:child_process');
const { isDeepStrictEqual, promisify } = require('node:util');
const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { StringDecoder } = require('node:string_decoder');
const ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
];
const over = (Type, view) =>
  new Type(view.buffer, view.byteOffset, Math.floor(view.length / Type.BYTES_PER_ELEMENT));
const FAST_BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
const post = (value) => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const message = receiveMessageOnPort(port2)?.message;
  port1.close();
  return message;
};
const [path] = args;
const CONTENT = pattern(5 * PAGE + 64);
/** For signing, made when needed. */
const keys = () => crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });

// Each reader returns a result that depends on the view: it must be the same as for a buffer with zeroes in
// place of what is gone, which is the second argument.
exports.READERS = {
  'a loop over the bytes': (view) => {
    let sum = 0;
    for (const byte of view) sum += byte;
    return sum;
  },
  'typed arrays of every kind': (view) => ARRAYS.map((Type) => over(Type, view).join()),
  'a DataView': (view) => {
    const data = new DataView(view.buffer, view.byteOffset, view.length);
    const found = [];
    const names = Object.getOwnPropertyNames(DataView.prototype).filter((name) =>
      /^get/.test(name),
    );
    for (let at = 0; at + 8 <= view.length; at += 7)
      for (const name of names) found.push(data[name](at));
    return found;
  },
  'Buffer.readX': (view) => {
    const found = [];
    for (let at = 0; at + 8 <= view.length; at += 5) {
      found.push(
        view.readUInt8(at),
        view.readInt32LE(at),
        view.readDoubleBE(at),
        view.readBigUInt64LE(at),
        view.readUIntBE(at, 6),
      );
    }
    return found;
  },
  'crypto.createHash': (view) => crypto.createHash('sha256').update(view).digest('hex'),
  'crypto.createHmac': (view) => crypto.createHmac('sha1', view).update(view).digest('hex'),
  'crypto.createCipheriv': (view) =>
    crypto
      .createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
      .update(view)
      .toString('hex'),
  'crypto.timingSafeEqual': (view, model) => crypto.timingSafeEqual(view, model),
  'crypto.pbkdf2 on the pool': (view) => promisify(crypto.pbkdf2)(view, view, 2, 32, 'sha256'),
  'crypto.sign on the pool': async (view) => {
    await promisify(crypto.sign)('sha256', view, keys().privateKey);
  },
  'zlib.deflateSync': (view) => zlib.deflateSync(view),
  'zlib.gzip on the pool': (view) => promisify(zlib.gzip)(view),
  'zlib.brotliCompressSync': (view) => zlib.brotliCompressSync(view, FAST_BROTLI),
  'zlib.brotliCompress on the pool': (view) => promisify(zlib.brotliCompress)(view, FAST_BROTLI),
  'zlib.crc32': (view) => zlib.crc32?.(view) ?? view[view.length - 1],
  'Buffer.indexOf of bytes': (view) => view.indexOf(Buffer.from('not in there')),
  'Buffer.indexOf of a text': (view) => view.indexOf('not in there', 'utf16le'),
  'Buffer.lastIndexOf': (view) => view.lastIndexOf('not in there'),
  'Buffer.includes': (view) => view.includes('not in there'),
  'Buffer.copy': (view) => {
    const to = Buffer.alloc(view.length);
    view.copy(to);
    return to;
  },
  'Buffer.compare': (view, model) => [view.compare(model), model.compare(view)],
  'Buffer.equals': (view, model) => [view.equals(model), model.equals(view)],
  'Buffer.toString': (view) =>
    ['utf8', 'latin1', 'ascii', 'utf16le', 'hex', 'base64', 'base64url'].map((encoding) =>
      view.toString(encoding),
    ),
  'Buffer.concat': (view) => Buffer.concat([view, view]),
  'Buffer.from': (view) => Buffer.from(view),
  'buffer.isUtf8 and isAscii': (view) => {
    const rest = view.subarray(-64);
    return [buffer.isUtf8(rest), buffer.isAscii(rest)];
  },
  'buffer.transcode': (view) => buffer.transcode(view, 'latin1', 'utf8'),
  TextDecoder: (view) =>
    ['utf-8', 'utf-16le', 'latin1'].map((encoding) => new TextDecoder(encoding).decode(view)),
  StringDecoder: (view) => new StringDecoder('utf8').write(view),
  'Atomics.load': (view) => {
    const words = over(Int32Array, view);
    return Array.from(words, (_, index) => Atomics.load(words, index));
  },
  'methods of a typed array that read': (view) => [
    view.slice(),
    view.map((byte) => byte + 1),
    view.every((byte) => byte < 256),
    view.reduce((sum, byte) => sum + byte),
    [...view.entries()].length,
    Uint8Array.prototype.indexOf.call(view, 1000),
    new Uint16Array(view),
    Float64Array.from(view),
  ],
  'TypedArray.set of a heap array': (view) => {
    const to = new Uint8Array(view.length);
    to.set(view);
    return to;
  },
  structuredClone: (view) => Buffer.from(structuredClone(view)),
  postMessage: (view) => Buffer.from(post(view)),
  'v8.serialize': (view) => v8.serialize(view),
  'JSON.stringify': (view) => JSON.stringify(view),
  'util.isDeepStrictEqual': (view, model) => isDeepStrictEqual(view, model),
};

// What these leave in the memory does not matter; the end of the file must never be restored.
exports.WRITERS = {
  'a loop of stores': (view) => {
    for (let at = 0; at < view.length; ++at) view[at] = 1;
  },
  'stores through typed arrays of every kind': (view) => {
    for (const Type of ARRAYS) over(Type, view).fill(/Big/.test(Type.name) ? 1n : 1);
  },
  'stores through a DataView': (view) => {
    const data = new DataView(view.buffer, view.byteOffset, view.length);
    for (let at = 0; at + 8 <= view.length; at += 7) data.setFloat64(at, at);
  },
  'Buffer.writeX': (view) => {
    for (let at = 0; at + 8 <= view.length; at += 5)
      view.writeDoubleLE(view.writeInt16BE(1, at), at);
  },
  'Buffer.fill': (view) => {
    view.fill(1);
    view.fill('abc');
  },
  'Buffer.write': (view) => {
    view.write('x'.repeat(view.length));
  },
  'Buffer.swap': (view) => {
    view.swap16();
    view.swap32();
    view.swap64();
  },
  'Buffer.copy into it': (view, model) => {
    model.copy(view);
  },
  'TypedArray.sort': (view) => {
    view.sort();
    over(Float32Array, view).sort();
  },
  'TypedArray.sort with a function': (view) => {
    view.sort((a, b) => b - a);
  },
  'TypedArray.reverse': (view) => {
    view.reverse();
  },
  'TypedArray.copyWithin': (view) => {
    view.copyWithin(PAGE, 3);
    view.copyWithin(0, 100);
  },
  'TypedArray.set': (view, model) => {
    view.set(model);
    view.set([1, 2, 3], view.length - 3);
  },
  'Atomics that store': (view) => {
    const words = over(Int32Array, view);
    for (let at = 0; at < words.length; at += 9) {
      Atomics.add(words, at, 1);
      Atomics.store(words, at, 2);
      Atomics.exchange(words, at, 3);
      Atomics.compareExchange(words, at, 3, 4);
    }
  },
  'crypto.randomFillSync': (view) => {
    crypto.randomFillSync(view);
  },
  'crypto.randomFill on the pool': async (view) => {
    await promisify(crypto.randomFill)(view);
  },
  'TextEncoder.encodeInto': (view) => {
    try {
      new TextEncoder().encodeInto('x'.repeat(view.length), view);
    } catch {
      view[view.length - 1] = 1;
    } // newer versions of Node take no shared memory
  },
};

const WAYS = /** @type {Record<string, [number, typeof lose]>} */ (
  LOST === 'truncated'
    ? {
        'to nothing': [0, lose],
        'to the middle of a page': [2 * PAGE + 100, lose],
        'by another process': [
          PAGE,
          (path, _view, size) => {
            execFileSync('truncate', ['-s', String(size), path]);
            return Number(size);
          },
        ],
      }
    : { 'the last page': [5 * PAGE, lose] }
);
const MAPPINGS =
  /** @type {Record<string, [typeof MmapFile.open, object & { offset?: number }]>} */ ({
    'MmapFile.open': [MmapFile.open, {}],
    'MmapFile.openExec': [MmapFile.openExec, {}],
    'MmapFileMut.openExisting': [MmapFileMut.openExisting, {}],
    'MmapFileMut.openExisting with an offset': [MmapFileMut.openExisting, { offset: 104 }],
    'MmapFileMut.openExisting with detachOnClose': [
      MmapFileMut.openExisting,
      { detachOnClose: true },
    ],
    'MmapFileMut.openCow': [MmapFileMut.openCow, {}],
  });

/** Uses a view of each kind of mapping, lost in each way, and reports the outcome. */
exports.use = async (_path, name) => {
  const isWriter = name in exports.WRITERS;
  const use = exports.READERS[name] ?? exports.WRITERS[name];
  for (const [mapping, [open, options]] of Object.entries(MAPPINGS)) {
    if (isWriter && /MmapFile\./.test(mapping)) continue;
    for (const [way, [size, loseIt]] of Object.entries(WAYS)) {
      fs.writeFileSync(path, CONTENT);
      const file = open(path, options);
      const view = file.asBuffer();
      const start = options.offset ?? 0;
      const model = new Uint8Array(view.length);
      model.set(CONTENT.subarray(start, Math.max(size, start)));
      const left = loseIt(path, view, size, start);
      const found = await use(view, Buffer.from(model.buffer));
      const { isFaulted } = file;
      const error = faultOf(() => file.checkFault());
      const expected = await use(Buffer.from(model.slice().buffer), Buffer.from(model.buffer));
      const first = Math.max(Math.ceil(size / PAGE) * PAGE - start, 0);
      // A copy of the whole memory of the view extends to the end of its last page.
      const end = Math.ceil((start + view.length) / PAGE) * PAGE - start;
      const isOffset = error.offset >= first && error.offset < end;
      say({
        mapping,
        way,
        isFaulted,
        isOffset,
        error,
        isSame: isDeepStrictEqual(found, expected),
        isRestored: fs.statSync(path).size > left,
      });
      file.close();
    }
  }
};
