// What the programs that call the exports of the addon have in common. Arguments: a directory, a seed, the
// number of calls, and the names to leave out. The last of the calls are in the directory, for whoever finds
// that the program has crashed.
import * as fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { MmapFile } from '@fmmap/core';
import { Random } from '../matrix/random.js';
import { type Call, functionsOfAddon, recordCalls } from './addon.js';
import { CallLog } from './call-log.js';
import { useAll } from './samples.js';

const [directory = '', seed = '1', count = '1000', ...without] = process.argv.slice(2);
export const calls = Number(count);
export const random = new Random(Number(seed));
const log = new CallLog(directory);

export const functions = functionsOfAddon.filter(([name]) => !without.includes(name));

// The library takes them out of the addon when it is loaded, so this must come before.
const { samples, lastHandle } = recordCalls();
const core = await import('@fmmap/core');
const node = await import('@fmmap/node');
const { MmapFile: Readable, MmapFileMut: Writable } = core;

const PAGE = 4096;
const content = Buffer.alloc(3 * PAGE, 0xaa);
let names = 0;
function makeFile(): string {
  const path = `${directory}/${names++}`;
  fs.writeFileSync(path, content);
  return path;
}

/** Handles are consecutive numbers. The first one belongs to the file that must not change. */
const healthy = Readable.open(makeFile());
const HEALTHY = 1;
await useAll(core, node, makeFile);

/** The arguments of calls by the library, by the name of the function. */
export const samplesOf = (name: string): readonly (readonly unknown[])[] => samples.get(name) ?? [];

/** One of the files, or one that does not exist. */
export const anyPath = (): string =>
  random.once(2) ? `${directory}/${random.below(names)}` : `${directory}/new`;

/** Files that calls may do anything to: their final state does not matter. */
const files: MmapFile[] = [];
/** Of those files. */
export const handles: number[] = [];
function open(): void {
  const file = random.once(2) ? Writable.open(makeFile()) : Readable.open(makeFile());
  file.asBuffer();
  files.unshift(file);
  handles.unshift(lastHandle());
  for (const list of [files, handles]) list.length = Math.min(list.length, 8);
}
open();

/** Results of calls, handles above all. */
export const returned: unknown[] = [];

/** Whether a call would get the number of the file that must not change. */
const isHealthy = (value: unknown): boolean =>
  (typeof value === 'number' || typeof value === 'bigint') && Math.trunc(Number(value)) === HEALTHY;

let made = 0;
let promises: Promise<unknown>[] = [];

/** Calls a function of the addon, which may throw; what matters is that the process goes on. */
export async function attempt(name: string, call: Call, values: readonly unknown[]): Promise<void> {
  if (++made % 20 === 0) open();
  if (isHealthy(values[0])) return;
  // What a listener throws is an uncaught exception, as it should be.
  const isOfListener = name === 'watchFaults';
  const args = values.map((arg) => (isOfListener && typeof arg === 'function' ? () => {} : arg));
  log.add(name, args);
  try {
    const result = call(...args);
    if (result instanceof Promise) promises.push(result);
    else if (typeof result === 'number' && result > HEALTHY) returned.unshift(result);
    returned.length = Math.min(returned.length, 16);
  } catch {}
  if (made % 50 > 0) return;
  await Promise.allSettled(promises);
  promises = [];
  globalThis.gc?.();
  await setImmediate();
}

/** Says whether the file that nobody touched is as it was. */
export async function finish(): Promise<void> {
  await Promise.allSettled(promises);
  returned.length = 0;
  files.length = 0;
  const isKept = healthy.length === content.length && healthy.copyBytes().equals(content);
  fs.writeSync(1, isKept ? 'kept' : 'the file that nobody touched has changed');
}
