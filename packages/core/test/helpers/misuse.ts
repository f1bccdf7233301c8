import * as fs from 'node:fs';
import { expect } from 'vitest';
import { binding } from '../../src/binding/binding.js';
import {
  MmapFile,
  MmapFileMut,
  MmapFileReader,
  MmapFileWriter,
  syncDirectory,
} from '../../src/index.js';
import { pattern, tempDir } from './temp.js';
import { sharedMemory } from './wasm.js';

// Common mistakes, and the errors for them. A message says what was asked for, what was found, and what to do.

/**
 * A call on the objects of {@link makeScene}; the name of its error, its `code` and its `argument`; and the message, which
 * may be cut short with `…`.
 */
export type Misuse = [call: string, error: string, message: string];

/** Reads a table in this folder, line by line. */
export function readMisuses(name: string): Misuse[] {
  const text = fs.readFileSync(new URL(name, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' | ') as Misuse);
}

/** Those about options that only Windows takes, or refuses, and about paths that mean something else there; and the others. */
export function byPlatform(misuses: readonly Misuse[]): [ofPosix: Misuse[], others: Misuse[]] {
  const isOfPosix = ([call]: Misuse) => /shareMode|customFlags|path\}\/`/.test(call);
  return [misuses.filter(isOfPosix), misuses.filter((each) => !isOfPosix(each))];
}

export const SYNC = { MmapFile, MmapFileMut, MmapFileReader, MmapFileWriter };

/** The objects that the calls of a table may use. @param classes - The sync classes, or those of a flavour under the same names. */
export async function makeScene(classes: typeof SYNC) {
  const { MmapFile, MmapFileMut } = classes;
  const directory = tempDir();
  const at = (name: string, content: Uint8Array | string): string => {
    fs.writeFileSync(`${directory}/${name}`, content);
    return `${directory}/${name}`;
  };
  const content = pattern(100);
  const path = at('full', content);
  const nothing = at('empty', '');
  const file = MmapFileMut.memory('x', content);
  const closed = MmapFileMut.memory('x', content);
  await closed.close();
  const poisoned = MmapFileMut.memory('x', content);
  binding.poison(poisoned._mapping.id);
  const frozen = MmapFileMut.memory('x', content);
  await frozen.freeze();
  const files = {
    file,
    readOnly: MmapFile.memory('x', content),
    poisoned,
    copied: await MmapFileMut.openCow(path),
    empty: MmapFileMut.memory('x'),
    emptyReadOnly: MmapFile.memory('x'),
    emptyMut: await MmapFileMut.open(at('empty-mut', '')),
    emptyFile: await MmapFile.open(nothing),
    emptyCow: await MmapFileMut.openCow(nothing),
    emptyAnonymous: MmapFileMut.anonymous(0),
  };
  return {
    ...classes,
    ...files,
    ...{ syncDirectory, directory, path, closed, frozen },
    other: at('other', content),
    reader: file.reader(10, 20),
    writer: file.writer(10, 20),
    eight: Buffer.alloc(8),
    long: Buffer.alloc(200),
    unshared: new Function('return new WebAssembly.Memory({ initial: 1 })')(),
    small: sharedMemory(0, 2 ** 16),
    full: sharedMemory(1, 1),
    async [Symbol.asyncDispose]() {
      for (const each of Object.values(files)) await each.close();
    },
  };
}

/** The error that a call, as written in a table, throws or rejects with. */
export async function errorOf(
  call: string,
  scene: object,
): Promise<Error & Record<string, unknown>> {
  try {
    await new Function(...Object.keys(scene), `return ${call}`)(...Object.values(scene));
  } catch (error) {
    return error as never;
  }
  return expect.fail('nothing was thrown');
}

/** Expects a call to fail as its table says. */
export async function expectTold(classes: typeof SYNC, ...[call, is, message]: Misuse) {
  await using scene = await makeScene(classes);
  const error = await errorOf(call, scene);
  const [start = '', rest] = message.split('…');
  const told = error.message.replaceAll(scene.directory, '/dir').replaceAll('Async', '');
  expect([error.name, error.code, error.argument].filter(Boolean).join(' ')).toBe(is);
  expect(rest === undefined ? told : told.slice(0, start.length)).toBe(start);
  expect(error instanceof RangeError).toBe(error.name === 'MmapRangeError');
  if ('cause' in error) expect(error.cause).toBeInstanceOf(Error);
}
