import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { blocksOf, brokenLinks, compile, documents, promised } from './helpers/documents.ts';

describe.each(documents())('%s', (path) => {
  test('links to files that exist', () => {
    expect(brokenLinks(path)).toEqual([]);
  });

  const blocks = blocksOf(path);
  if (blocks.length === 0) return;
  // Blocks of a README are copied, so they are run as they are, also by the oldest Node.
  const isCompiled = !path.endsWith('README.md');
  test('has examples that compile, run and print what they promise', () => {
    const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
    onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
    for (const [index, program] of compile(blocks, directory, isCompiled).entries()) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
        cwd: directory,
        encoding: 'utf8',
      });
      const block = blocks[index];
      const printed = stdout.split('\n').slice(0, -1);
      const line = block?.line;
      expect({ line, status, stderr, printed }).toEqual({
        line,
        status: 0,
        stderr: '',
        printed: block ? promised(block) : [],
      });
    }
  });
});

test('the README has six examples, the first of which is plain CommonJS', () => {
  const blocks = blocksOf('README.md');
  expect(blocks).toHaveLength(6);
  expect(blocks[0]?.language).toBe('cjs');
});

test('an example in a list is one, too', () => {
  expect(blocksOf('docs/flavours.md')).toHaveLength(2);
});
