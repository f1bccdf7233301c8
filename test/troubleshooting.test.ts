import { describe, expect, test } from 'vitest';
import { namesInSources, namesInTables } from './helpers/codes.ts';

const PAGE = 'docs/troubleshooting.md';

describe('the page on troubleshooting', () => {
  test('explains everything that a program can meet by name, once, and nothing else', () => {
    expect(namesInTables(PAGE)).toEqual(namesInSources());
  });

  test('the names are found', () => {
    expect(namesInSources()).toEqual(
      expect.arrayContaining([
        ...['ERR_MMAP_CLOSED', 'ERR_MMAP_TASK_SCOPE', 'ERR_INVALID_ARG_TYPE', 'ABORT_ERR'],
        ...['FMMAP_LEAK', 'FMMAP_BINDING', 'FMMAP_FAULT_GUARD', 'FMMAP_PLAIN_VIEWS'],
        ...['EWOULDBLOCK', 'EBUSY', 'EDQUOT', 'ELOOP', 'ENFILE', 'MODULE_NOT_FOUND'],
        ...['MmapError', 'MmapRangeError', 'MmapLeakWarning'],
        ...["'no-space'", "'symlink'"],
      ]),
    );
  });
});
