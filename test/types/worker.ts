import type { MmapFile as SyncFile, MmapFileMut as SyncFileMut } from '@fmmap/core';
import { AsyncMmapFile, AsyncMmapFileMut } from '@fmmap/worker';

// The views in a task are like those of its file.

declare const path: string;

export async function tasks(): Promise<void> {
  const file = await AsyncMmapFile.open(path);
  const shared = await AsyncMmapFileMut.open(path, { shared: true });
  await file.run((file: SyncFile) => file.length);
  await shared.run((file: SyncFileMut<SharedArrayBuffer>) => file.length);
  await file.runWith({}, (file) => new Response(file.asBuffer()).status);
  const sums: number[] = await shared.map((file, offset) =>
    Atomics.add(new Int32Array(file.asBuffer().buffer), offset, 1),
  );
  await shared.map((file) => file.writeUInt8(1, 0), {
    boundary: (file: SyncFileMut<SharedArrayBuffer>, offset) => file.indexOf('x', offset),
  });

  // @ts-expect-error: its views are not shared
  await file.run((file: SyncFile<SharedArrayBuffer>) => file.length);
  // @ts-expect-error: its views are shared
  await shared.run((file: SyncFileMut) => file.length);
  // @ts-expect-error: it is read-only
  await file.run((file) => file.writeUInt8(1, 0));
  void sums;
}
