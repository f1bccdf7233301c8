import { openSync } from 'node:fs';
import type * as core from '@fmmap/core';
import type * as node from '@fmmap/node';

/** Uses the library as intended, so that it calls the addon in all the usual ways. */
export async function useAll(
  { MmapFile, MmapFileMut }: typeof core,
  { AsyncMmapFile, AsyncMmapFileMut }: typeof node,
  makeFile: () => string,
): Promise<void> {
  for (const make of [MmapFileMut.open, MmapFileMut.openCow, MmapFile.open, MmapFile.openExec]) {
    const file = make(makeFile());
    file.copyBytes();
    file.indexOf('needle');
    file.indexesOf('n', new Float64Array(4));
    file.gather(new Uint16Array(4), new Uint32Array(4));
    file.read(Buffer.alloc(10_000), 5);
    file.stat();
    file.residency();
    file.advise('random');
    file.prefetch();
    file.lockMemory();
    file.unlockMemory();
    file.unlock();
    file.tryLockShared();
    file.onFault(() => {})();
    file.checkFault();
    file.writeToNewFile(`${file.path}-copy`);
    const attached = MmapFile.attach(file.share());
    attached.asBuffer();
    attached.close();
    if (file instanceof MmapFileMut && !file.isCow) {
      file.flush();
      file.startFlush();
      file.truncate(100);
      file.truncate(100_000);
      file.reopen();
      const writer = file.writer(0, undefined, { buffered: true });
      writer.writeUInt32LE(1);
      writer.flush();
      writer.write(Buffer.alloc(70_000));
    }
    file.close();
  }
  MmapFileMut.open(makeFile()).freeze().close();
  const descriptor = openSync(makeFile(), 'r');
  MmapFile.open(descriptor).close();
  await (await AsyncMmapFile.open(descriptor)).close();
  MmapFileMut.memory('memory', 'data').close();
  MmapFileMut.anonymous(5000).close();
  const detachable = MmapFileMut.open(makeFile(), { detachOnClose: true });
  detachable.asBuffer();
  detachable.remove();

  const file = await AsyncMmapFileMut.open(makeFile());
  await file.read(Buffer.alloc(100));
  await Promise.all([file.stat(), file.flush(), file.prefetch(), file.checkFault()]);
  await file.truncate(100_000);
  await file.lock();
  await file.unlock();
  await file.reopen();
  await file.writeToNewFile(`${file.path}-copy`);
  await (await file.freeze()).close();
  await (await AsyncMmapFileMut.open(makeFile())).remove();
}
