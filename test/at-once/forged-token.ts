// Tokens that were not created by share().
import { MmapFile, MmapFileMut } from '@fmmap/core';
import { BYTE, expect, finish, makeFile, PAGE } from './program.js';

const secret = MmapFileMut.open(makeFile('secret', PAGE));
const readable = MmapFile.open(makeFile('readable', PAGE));
const shared = MmapFileMut.open(makeFile('shared', 4 * PAGE));
const token = shared.share();

function attach(type: typeof MmapFile, token: object): MmapFile | undefined {
  try {
    return type.attach(token as never);
  } catch (error) {
    const isOurs =
      error instanceof TypeError || (error instanceof Error && error.name.startsWith('Mmap'));
    expect(isOurs, `attach throws ${error}`);
    return undefined;
  }
}

/** The number of a handle must not be enough. */
for (let id = 0; id < 100; ++id) {
  for (const type of [MmapFile, MmapFileMut]) {
    const traits = { id, secret: id, path: 'x', offset: 0, isMemory: false, isCow: false };
    const file = attach(type, { fmmap: 1, ...traits, access: 2, delta: 0, windows: [] });
    expect(file === undefined, `a forged token attaches to ${file?.path}`);
    file?.close();
  }
}

/** Nothing else in a token is trusted, either. */
const lies = { access: 2, delta: 100, offset: 100, isCow: true, isMemory: true, path: 'elsewhere' };
for (const [name, value] of Object.entries(lies)) {
  const file = attach(MmapFile, { ...token, [name]: value });
  if (!file) continue; // which is fine, too
  expect(file.path === shared.path, `the path is ${file.path}`);
  expect(!file.isCow && file.length === shared.length, `${name} is believed`);
  expect(file.copyBytes().equals(Buffer.alloc(4 * PAGE, BYTE)), `with ${name}, bytes are wrong`);
  file.close();
}
const readOnly = attach(MmapFileMut, { ...readable.share(), access: 2 });
expect(readOnly === undefined, 'a file that is mapped read-only can be written to');

/** A getter returns something else later. */
const [memory] = token.windows;
for (let good = 0; good < 6; ++good) {
  let times = 0;
  const windows = Object.defineProperty([memory], 0, {
    enumerable: true,
    get: () => (times++ < good ? memory : new SharedArrayBuffer(5 * PAGE)),
  });
  const file = attach(MmapFileMut, { ...token, windows });
  if (!file) continue;
  expect(file.readUInt8(PAGE) === BYTE, 'other memory is believed to be the file');
  file.close();
}
secret.close();
readable.close();
shared.close();
finish();
