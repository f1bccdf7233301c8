// The packages that fmmap is compared with. To add one: its exact version, the changes that it needs
// to compile, and how it maps a file.
import * as fs from 'node:fs';

const CXX17 = [/-std=c\+\+(11|1y)\b/g, '-std=c++17'];

/** Maps through a descriptor, which the peer does not need afterwards. */
function withFile(path, write, map) {
  const file = fs.openSync(path, write ? 'r+' : 'r');
  try {
    return map(file);
  } finally {
    fs.closeSync(file);
  }
}

/** The libraries that have the constants of mmap(2). */
const accessOf = (lib, write) => (write ? lib.PROT_READ | lib.PROT_WRITE : lib.PROT_READ);

/** `mmap-io` and its fork: they only unmap when the buffer is collected. */
const mmapIo = (lib) => ({
  map: (path, size, { write = false, offset = 0 } = {}) =>
    withFile(path, write, (file) =>
      lib.map(size, accessOf(lib, write), lib.MAP_SHARED, file, offset),
    ),
  flush: (buffer, offset = 0, length = buffer.length) =>
    // The package's own `sync` only adds defaults, one of which is not to wait.
    lib.sync_lib_private__(buffer, offset, length, true, false),
});

/** Integers are cut to 32 bits, so that longer mappings are shortened silently. */
const INT = 2 ** 31 - 1;
/** Longer mappings crash the process. */
const NAN = 2 ** 30 - 1;

export const PEERS = [
  {
    name: '@riaskov/mmap-io',
    version: '1.4.3',
    gyp: ['--module_name=mmap_io', '--module_path=build/binding'],
    // Its own loader only looks where a download would be.
    entry: 'build/Release/mmap_io.node',
    longest: INT,
    adapt: mmapIo,
  },
  {
    name: 'mmap-io',
    version: '1.1.7',
    changes: '`-std=c++17`',
    edits: { 'binding.gyp': [CXX17] },
    gyp: [],
    entry: 'build/Release/mmap-io.node',
    longest: INT,
    adapt: mmapIo,
  },
  {
    name: 'mmap.js',
    version: '1.0.3',
    changes: 'calls that V8 has dropped',
    edits: {
      'src/mmap.cc': [
        [/(info\[\d\])->Uint32Value\(\)/g, 'Nan::To<uint32_t>($1).FromJust()'],
        [/(info\[\d\])->Int32Value\(\)/g, 'Nan::To<int32_t>($1).FromJust()'],
        [/(info\[\d\])->ToObject\(\)/g, 'Nan::To<Object>($1).ToLocalChecked()'],
        [/target->Set\(/g, 'Nan::Set(target, '],
        [/\bHandle\b(?=;|<)/g, 'Local'],
        [/using v8::Local;\nusing v8::Local;/g, 'using v8::Local;'],
      ],
    },
    gyp: [],
    longest: NAN,
    adapt: (lib) => ({
      map: (path, size, { write = false, offset = 0 } = {}) =>
        withFile(path, write, (file) =>
          lib.alloc(size, accessOf(lib, write), lib.MAP_SHARED, file, offset),
        ),
      flush: (buffer, offset = 0, length = buffer.length) => lib.sync(buffer, offset, length),
    }),
  },
  {
    name: 'mmapfile',
    version: '0.1.1',
    changes: 'calls that V8 has dropped',
    edits: {
      'mmapfile.cpp': [
        [/String::Utf8Value (\w+)\(/g, 'Nan::Utf8String $1('],
        [/(info\[\d\])->Uint32Value\(\)/g, 'Nan::To<uint32_t>($1).FromJust()'],
      ],
    },
    gyp: [],
    longest: NAN,
    adapt: (lib) => ({
      noOffset: true,
      // It writes a 'y' into the first byte of each file that it maps writable.
      map: (path, size, { write = false } = {}) => lib.openSync(path, size, write ? 'r+' : 'r'),
    }),
  },
  {
    name: 'bufferfromfile',
    version: '0.4.377',
    changes: '`-std=c++17`',
    edits: { 'binding.gyp': [CXX17] },
    gyp: ['--module_name=bufferfromfile', '--module_path=../binding'],
    longest: 2 ** 32,
    /** It never closes the descriptor of a file. */
    leaks: true,
    adapt: (lib) => ({
      map(filePath, size, { write = false, offset = 0 } = {}) {
        const protection = write ? lib.Protection.readWrite : lib.Protection.read;
        const flag = lib.Flag.shared;
        return lib({ filePath, size, offset, protection, flag }).NodeBuffer();
      },
      flush: (buffer, offset = 0, size = buffer.length) =>
        lib.flush({ buffer: buffer.buffer, offset, size, sync: true }),
      unmap: (buffer) => lib.unmap(buffer.buffer),
    }),
  },
  {
    name: 'great-big-file-reader',
    version: '1.0.4',
    gyp: [],
    entry: 'lib/index.js',
    readOnly: true,
    longest: Number.MAX_SAFE_INTEGER,
    adapt({ MMapping }) {
      const mappings = new WeakMap();
      return {
        /** It maps whole files, and returns buffers for parts of them. */
        map: (path, size, { offset = 0 } = {}) =>
          withFile(path, false, (file) => {
            const mapping = new MMapping(path, file);
            const buffer = mapping.getBuffer(BigInt(offset), Math.min(size, 2 ** 32));
            mappings.set(buffer, mapping);
            return buffer;
          }),
        unmap: (buffer) => mappings.get(buffer).unmap(),
      };
    },
  },
];

export const BUN = { name: '@oven/bun-linux-x64', version: '1.4.5' };
