import * as fs from 'node:fs';
import { binding } from '../../src/binding.js';
import * as core from '../../src/index.js';
import { pattern, tempDir } from './temp.js';
import { sharedMemory } from './wasm.js';

/** What calls in a table of misuses may name. */
export function makeScene(): Record<string, unknown> & Disposable {
  const { MmapFile, MmapFileMut } = core;
  const directory = tempDir();
  const at = (name: string, content: Uint8Array | string): string => {
    fs.writeFileSync(`${directory}/${name}`, content);
    return `${directory}/${name}`;
  };
  const content = pattern(100);
  const path = at('full', content);
  const file = MmapFileMut.memory('x', content);
  const readOnly = MmapFile.memory('x', content);
  const closed = MmapFileMut.memory('x', content);
  closed.close();
  const poisoned = MmapFileMut.memory('x', content);
  binding.poison(poisoned._mapping.id);
  const frozen = MmapFileMut.memory('x', content);
  frozen.freeze();
  const nothing = at('empty', '');
  const opened = {
    copied: MmapFileMut.openCow(path),
    empty: MmapFileMut.memory('x'),
    emptyReadOnly: MmapFile.memory('x'),
    emptyMut: MmapFileMut.open(at('empty-mut', '')),
    emptyFile: MmapFile.open(nothing),
    emptyCow: MmapFileMut.openCow(nothing),
    emptyAnonymous: MmapFileMut.anonymous(0),
  };
  return {
    ...core,
    ...opened,
    ...{ directory, path, other: at('other', content), file, readOnly, closed, poisoned, frozen },
    reader: file.reader(10, 20),
    writer: file.writer(10, 20),
    Buffer,
    URL,
    eight: Buffer.alloc(8),
    long: Buffer.alloc(200),
    unshared: new WebAssembly.Memory({ initial: 1 }),
    small: sharedMemory(0, 2 ** 16),
    full: sharedMemory(1, 1),
    [Symbol.dispose]() {
      for (const each of [...Object.values(opened), file, readOnly, poisoned]) each.close();
    },
  };
}

/** A call as it stands in a table. */
export function callOf(source: string): (scene: object) => unknown {
  return (scene) =>
    new Function(...Object.keys(scene), `return ${source}`)(...Object.values(scene));
}
