import type { FileHandle } from 'node:fs/promises';
import { MmapFile, MmapFileMut, type MmapFileReader } from '@fmmap/core';

// What compiles, and what must not, with every version of Node's types: for each package, whose classes replace
// those above. It is never run. It awaits what only the async classes return as promises.

declare const path: string;
declare const handle: FileHandle;
declare const flag: boolean;

/** Whether a value has exactly this type. */
declare function exact<Expected>(): <Found>(
  value: Found,
  ...same: (<T>() => T extends Expected ? 1 : 2) extends <T>() => T extends Found ? 1 : 2
    ? []
    : [never]
) => void;

export async function ordinary(): Promise<void> {
  const file = await MmapFile.open(path);
  exact<MmapFile>()(file);
  exact<MmapFile<ArrayBuffer>>()(file);
  const view = file.asBuffer();
  exact<Buffer<ArrayBuffer>>()(view);
  exact<ArrayBuffer>()(view.buffer);
  exact<Buffer<ArrayBuffer>>()(file.bytes(0, 1));
  exact<Buffer<ArrayBuffer>>()(file.copyBytes());
  exact<Buffer<ArrayBuffer>>()(file.reader().bytes(1));
  exact<Buffer<ArrayBuffer>>()(file.reader().peek(1));
  for await (const chunk of file.reader().chunks(1)) exact<Buffer<ArrayBuffer>>()(chunk);
  for await (const line of file.reader()) exact<string>()(line);
  exact<Float64Array<ArrayBuffer>>()(file.array(Float64Array));
  exact<BigInt64Array<ArrayBuffer>>()(file.array(BigInt64Array, 8, 1));
  exact<Uint8ClampedArray<ArrayBuffer>>()(file.array(Uint8ClampedArray));

  // @ts-expect-error: it is not shared memory
  const shared: MmapFile<SharedArrayBuffer> = file;
  // @ts-expect-error: as above
  const buffer: SharedArrayBuffer = view.buffer;
  // @ts-expect-error: a DataView is not a typed array
  file.array(DataView);
  // @ts-expect-error: neither is an Array
  file.array(Array);
  // @ts-expect-error: an offset is a number
  file.array(Float64Array, '0');
  void [shared, buffer];
}

export async function making(): Promise<void> {
  const token = (await MmapFile.open(path)).share();
  exact<MmapFile>()(await MmapFile.open(path, { offset: 1 }));
  exact<MmapFile>()(await MmapFile.open(path, { shared: false }));
  exact<MmapFile>()(await MmapFile.openExec(path));
  exact<MmapFile>()(MmapFile.memory('m', 'data'));
  exact<MmapFile>()(MmapFile.attach(token));
  exact<MmapFileMut>()(await MmapFileMut.open(path, { create: true }));
  exact<MmapFileMut>()(await MmapFileMut.create(path, { maxSize: 1 }));
  exact<MmapFileMut>()(await MmapFileMut.openExisting(path));
  exact<MmapFileMut>()(await MmapFileMut.openCow(path));
  exact<MmapFileMut>()(MmapFileMut.memory('m'));
  exact<MmapFileMut>()(MmapFileMut.anonymous(1));
  exact<MmapFileMut>()(MmapFileMut.attach(token));
  exact<MmapFile>()(await MmapFileMut.anonymous(1).freeze());
  exact<MmapFile>()(await MmapFileMut.anonymous(1).freezeExec());

  for (const lock of ['shared', 'exclusive', 'none'] as const)
    exact<MmapFile>()(await MmapFile.open(handle, { lock, lockTimeout: 10 }));
  exact<MmapFile>()(await MmapFile.openExec(handle.fd));
  exact<MmapFileMut>()(await MmapFileMut.open(handle.fd, { minSize: 1, lock: 'shared' }));
  exact<MmapFileMut>()(await MmapFileMut.openExisting(handle, { shared: false }));
  exact<MmapFileMut>()(await MmapFileMut.openCow(handle));
  // @ts-expect-error: a new file needs a path
  await MmapFileMut.create(handle);
  // @ts-expect-error: not a kind of lock
  await MmapFile.open(path, { lock: 'read' });
  // @ts-expect-error: a read-only file cannot grow
  await MmapFile.open(path, { minSize: 1 });

  type Shared = MmapFile<SharedArrayBuffer>;
  type SharedMut = MmapFileMut<SharedArrayBuffer>;
  exact<Shared>()(await MmapFile.open(path, { shared: true }));
  exact<Shared>()(await MmapFile.openExec(path, { shared: true, offset: 1 }));
  exact<Shared>()(MmapFile.memory('m', 'data', { shared: true }));
  exact<Shared>()(MmapFile.attach(token, { shared: true }));
  exact<SharedMut>()(await MmapFileMut.open(path, { shared: true, create: true }));
  exact<SharedMut>()(await MmapFileMut.create(path, { shared: true, maxSize: 1 }));
  exact<SharedMut>()(await MmapFileMut.openExisting(path, { shared: true }));
  exact<SharedMut>()(await MmapFileMut.openCow(path, { shared: true }));
  exact<SharedMut>()(MmapFileMut.memory('m', '', { shared: true }));
  exact<SharedMut>()(MmapFileMut.anonymous(1, { shared: true }));
  exact<SharedMut>()(MmapFileMut.attach(token, { shared: true }));
  exact<Shared>()(await MmapFileMut.anonymous(1, { shared: true }).freeze());
  exact<Shared>()(await MmapFileMut.anonymous(1, { shared: true }).freezeExec());

  type Either = MmapFile<ArrayBufferLike>;
  exact<Either>()(await MmapFile.open(path, { shared: flag }));
  exact<Either>()(await MmapFile.open(path, { shared: undefined })); // the original value is unknown
  exact<Either>()(MmapFile.attach(token, { shared: flag }));
  exact<MmapFileMut<ArrayBufferLike>>()(await MmapFileMut.create(path, { shared: flag }));
  const either: Either[] = [MmapFile.memory('m'), MmapFile.memory('m', '', { shared: true })];
  for (const { length } of either) exact<number>()(length);

  // @ts-expect-error: it must be a boolean
  await MmapFile.open(path, { shared: 'yes' });
  // @ts-expect-error: misspelled
  await MmapFile.open(path, { share: true });
  // @ts-expect-error: an option of another constructor
  await MmapFile.open(path, { shared: true, maxSize: 1 });
  // @ts-expect-error: as above
  MmapFile.attach(token, { shared: true, offset: 1 });
  // @ts-expect-error: its views are shared
  const plain: MmapFile = await MmapFile.open(path, { shared: true });
  // @ts-expect-error: its views may be shared
  const perhaps: MmapFile = await MmapFile.open(path, { shared: flag });
  void [plain, perhaps];
}

export async function atomics(): Promise<void> {
  const file = await MmapFileMut.open(path, { shared: true });
  const view = file.asBuffer();
  exact<Buffer<SharedArrayBuffer>>()(view);
  exact<Buffer<SharedArrayBuffer>>()(file.bytes(0, 4));
  exact<Buffer<ArrayBuffer>>()(file.copyBytes());
  const reader: MmapFileReader<SharedArrayBuffer> = file.reader();
  exact<Buffer<SharedArrayBuffer>>()(reader.bytes(1));
  exact<Buffer<SharedArrayBuffer>>()(reader.peek(1));
  for await (const chunk of reader.chunks(1)) exact<Buffer<SharedArrayBuffer>>()(chunk);
  Atomics.wait(new Int32Array(view.buffer, view.byteOffset), 0, 0);
  Atomics.notify(new Int32Array(file.asBuffer().buffer), 0);
  const counters = file.array(Int32Array);
  exact<Int32Array<SharedArrayBuffer>>()(counters);
  Atomics.add(counters, 0, 1);
  Atomics.wait(file.array(BigInt64Array), 0, 0n);

  // @ts-expect-error: it is shared
  const buffer: ArrayBuffer = view.buffer;
  // @ts-expect-error: as above
  const ordinary: Buffer<ArrayBuffer> = view;
  // @ts-expect-error: as above
  const numbers: Float64Array<ArrayBuffer> = file.array(Float64Array);
  void [buffer, ordinary, numbers];
}

/** Code that takes bytes accepts them from any memory. */
export async function taking(): Promise<void> {
  const file = await MmapFileMut.open(path);
  const shared = await MmapFileMut.open(path, { shared: true });
  const any: Uint8Array = new Uint8Array(1);
  for (const bytes of [file.asBuffer(), shared.asBuffer(), file.copyBytes(), any]) {
    await file.read(bytes);
    await shared.reader().read(bytes);
    file.write(bytes);
    file.indexOf(bytes);
    file.fill(bytes);
    shared.writer().writeAll(bytes);
    MmapFile.memory('m', bytes);
  }
}
