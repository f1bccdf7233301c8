import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapUnsupportedError } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { noOptions, optionsFrom } from '../helpers/option-objects.js';
import { beforeOptions, staticsOf } from '../helpers/statics.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

// Whether views are shared is an option of every call that makes a handle.

const CONTENT = pattern(5000);
const classes = { MmapFile, MmapFileMut };

const ways = Object.entries(classes).flatMap(([name, type]) =>
  staticsOf(type)
    .filter((method) => !(method === 'openExec' && type === MmapFileMut))
    .map((method) => ({ name, method, type: type as unknown as Record<string, Make> })),
);

type Make = (...args: unknown[]) => MmapFile;

function make(
  { type, method }: (typeof ways)[number],
  path: string,
  source: MmapFile<ArrayBufferLike>,
  ...options: unknown[]
): MmapFile {
  const args = beforeOptions[method]?.(path, () => source.share()) ?? [];
  return (type[method] as Make)(...args, ...options);
}

describe.each(ways)('$name.$method', (way) => {
  test('takes "shared", and has unshared views otherwise', () => {
    using source = MmapFileMut.memory('m', CONTENT, { shared: true });
    const options = [[], [undefined], [{}], [{ shared: undefined }], [{ shared: false }]];
    for (const none of options) {
      using file = make(way, tempFile(CONTENT), source, ...none);
      expect(file._mapping.shared).toBe(false);
    }
    for (const from of Object.values(optionsFrom)) {
      using file = make(way, tempFile(CONTENT), source, from('shared', true));
      expect(file._mapping.shared).toBe(true);
    }
  });

  test('refuses a value that is not a boolean, and unknown options, before it does anything', () => {
    using source = MmapFileMut.memory('m', CONTENT);
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    for (const bad of [null, 0, 1, 'true', '', {}, Object(true), 1n, Symbol('x'), () => true]) {
      for (const from of Object.values(optionsFrom)) {
        expectArgumentError(() => make(way, path, source, from('shared', bad)), 'shared');
      }
    }
    for (const [what, bad] of Object.entries(noOptions)) {
      const argument = what.includes('signal') ? 'aborted' : 'options';
      expectArgumentError(() => make(way, path, source, bad), argument);
    }
    expectArgumentError(() => make(way, path, source, { share: undefined }), 'share');
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('refuses it together with detachOnClose, which shared memory does not support', () => {
    const detachOnClose = true;
    using source = MmapFileMut.memory('m', CONTENT, { detachOnClose });
    const path = tempFile(CONTENT);
    const options = { shared: true, ...(way.method !== 'attach' && { detachOnClose }) };
    const error = thrown(() => make(way, path, source, options));
    expect(error).toBeInstanceOf(MmapUnsupportedError);
    expect(error).toMatchObject({ argument: 'shared', message: /detachOnClose.*leave one/ });
    expect(fs.existsSync(`${path}.new`)).toBe(false);
    make(way, path, source, { ...options, shared: false }).close(); // no lock was left behind
  });
});

test.each(['freeze', 'freezeExec'] as const)('%s preserves it', (freeze) => {
  for (const shared of [true, false]) {
    const file = MmapFileMut.openExisting(tempFile(CONTENT), { shared });
    using frozen = file[freeze]();
    expect([frozen._mapping.shared, file._mapping.shared]).toEqual([shared, shared]);
  }
});

test('attach takes no option for opening a file', () => {
  using file = MmapFileMut.memory('m', CONTENT);
  for (const option of ['offset', 'populate', 'detachOnClose', 'guard', 'signal']) {
    expectArgumentError(() => MmapFile.attach(file.share(), { [option]: undefined }), option);
    expectArgumentError(() => MmapFileMut.attach(file.share(), { [option]: false }), option);
  }
});
