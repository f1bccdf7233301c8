import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { effort } from '../helpers/effort.js';
import { thrown } from '../helpers/errors.js';
import { BELOW_FILE, isWindows, repeated, TOO_LONG } from '../helpers/platform.js';
import { collectGarbage, countDescriptors, countMappings } from '../helpers/process.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const ROUNDS = repeated(effort(10_000, 5000));
const CONTENT = pattern(3 * 4096 + 100);

/** Ranges that V8's own heap may gain meanwhile, on Node 26 almost 300 before it stays: far fewer than one a round. */
const SLACK = 400;

/** Runs `round` many times, then compares what the process holds with what it held before. */
async function expectNothingLeft(round: (index: number) => void, path: string): Promise<void> {
  for (let index = 0; index < 100; ++index) round(index); // code gets compiled, pools get filled
  await collectGarbage();
  const [descriptors, mappings] = [countDescriptors(), countMappings()];
  const ofPath = countMappings(path);
  for (let index = 0; index < ROUNDS; ++index) round(index);
  expect(countDescriptors()).toBe(descriptors);
  expect(countMappings(path)).toBe(ofPath);
  await collectGarbage();
  expect(countDescriptors()).toBe(descriptors);
  expect(countMappings()).toBeLessThanOrEqual(mappings + SLACK);
}

describe(`${ROUNDS} rounds leak no descriptor and no mapping:`, () => {
  test('open, read and close', async () => {
    const path = tempFile(CONTENT);
    await expectNothingLeft((index) => {
      const file = MmapFile.open(path, { offset: index % 100 });
      file.readUInt8(index % 5000);
      file.close();
    }, path);
  });

  test('the same with different sizes, so that no window fits the next file', async () => {
    const directory = tempDir();
    for (let size = 0; size < 50; ++size) {
      fs.writeFileSync(join(directory, `${size}`), Buffer.alloc(size * 2000));
    }
    await expectNothingLeft((index) => {
      MmapFileMut.openExisting(join(directory, `${index % 50}`)).close();
    }, directory);
  });

  test('typed access and a view of a writable file', async () => {
    const path = tempFile(CONTENT);
    await expectNothingLeft((index) => {
      const file = MmapFileMut.open(path);
      file.writeUInt32LE(index, 100);
      expect(file.asBuffer().readUInt32LE(100)).toBe(index);
      file.close();
    }, path);
  });

  test('the same with detachOnClose', async () => {
    const path = tempFile(CONTENT);
    await expectNothingLeft((index) => {
      const file = MmapFileMut.open(path, { detachOnClose: true });
      file.asBuffer().writeUInt32LE(index, 4090);
      expect(file.readUInt32LE(4090)).toBe(index);
      file.close();
    }, path);
  });

  test('copy on write, exec, populate, memory, share and attach', async () => {
    const path = tempFile(CONTENT);
    const kinds = [
      () => MmapFileMut.openCow(path),
      () => MmapFile.openExec(path),
      () => MmapFile.open(path, { populate: true }),
      () => MmapFileMut.memory('name', CONTENT),
      () => MmapFileMut.anonymous(5000),
      () => MmapFile.memory('name'),
    ];
    await expectNothingLeft((index) => {
      const file = kinds[index % kinds.length]?.() as MmapFile;
      const second = MmapFile.attach(file.share());
      file.asBuffer().includes(1);
      second.close();
      file.close();
    }, path);
  });

  test('growing, shrinking, freezing, stat, locks and readers', async () => {
    const path = tempFile(CONTENT);
    await expectNothingLeft((index) => {
      const file = MmapFileMut.memory('name', 'abcdef');
      file.truncate(index % 20_000);
      file.truncate(10);
      const frozen = index % 2 === 0 ? file.freeze() : file.freezeExec();
      frozen.stat();
      frozen.reader().bytes(3);
      frozen.close();
    }, path);
  });

  test('create and remove', async () => {
    const path = tempFile();
    await expectNothingLeft((index) => {
      if (index % 10 > 0) return; // each waits for the disk
      MmapFileMut.create(path, { maxSize: 5000 }).remove();
    }, path);
    expect(fs.existsSync(path)).toBe(false);
  });

  test('opens that fail, each in a different way', async () => {
    const directory = tempDir();
    const path = join(directory, 'file');
    const locked = join(directory, 'locked');
    const circle = join(directory, 'circle');
    fs.writeFileSync(path, CONTENT);
    fs.writeFileSync(locked, CONTENT);
    if (!isWindows) fs.symlinkSync('circle', circle);
    using _holder = MmapFileMut.open(locked);
    // Those that Windows does not have at all.
    const ofPosix: [string, () => unknown][] = [
      ['ELOOP', () => MmapFile.open(circle)],
      ['ENODEV', () => MmapFile.open('/dev/zero')],
      ['ENODEV', () => MmapFile.open('/proc/self/status')],
    ];
    const failures: [string, () => unknown][] = [
      ...(isWindows ? [] : ofPosix),
      ['ENOENT', () => MmapFile.open(join(directory, 'absent'))],
      ['ENOENT', () => MmapFileMut.create(join(directory, 'absent', 'file'))],
      [BELOW_FILE, () => MmapFile.open(join(path, 'below'))],
      ['EISDIR', () => MmapFile.open(directory)],
      ['EISDIR', () => MmapFileMut.open(directory)],
      ['EEXIST', () => MmapFileMut.create(path)],
      [TOO_LONG, () => MmapFileMut.open(join(directory, 'n'.repeat(300)))],
      ['EWOULDBLOCK', () => MmapFile.open(locked)],
      ['EWOULDBLOCK', () => MmapFileMut.open(locked, { truncate: true, maxSize: 5 })],
      ['ERR_OUT_OF_RANGE', () => MmapFile.open(path, { offset: 1e6 })],
      ['ERR_OUT_OF_RANGE', () => MmapFileMut.create(join(directory, 'new'), { offset: 1 })],
      ['ERR_OUT_OF_RANGE', () => MmapFileMut.open(path, { maxSize: -1 })],
      ['ERR_INVALID_ARG_TYPE', () => MmapFile.open(path, { populate: 'yes' as never })],
    ];
    await expectNothingLeft((index) => {
      const [code, open] = failures[index % failures.length] as (typeof failures)[number];
      expect(thrown(open).code).toBe(code);
    }, directory);
    expect(fs.readdirSync(directory).sort()).toEqual([
      ...(isWindows ? [] : ['circle']),
      'file',
      'locked',
    ]);
    expect(fs.readFileSync(locked).equals(CONTENT)).toBe(true);
  });
});

test('views that are kept take no descriptor, and their addresses are freed with them', async () => {
  const path = tempFile(CONTENT);
  await collectGarbage();
  const [descriptors, mappings] = [countDescriptors(), countMappings()];
  let views: Buffer[] = [];
  for (let round = 0; round < 1000; ++round) {
    const file = MmapFile.open(path);
    views.push(file.asBuffer());
    file.close();
  }
  expect(countDescriptors()).toBe(descriptors);
  expect(countMappings(path)).toBe(0);
  expect(views.every((view) => view[5] === 0)).toBe(true);
  views = [];
  await collectGarbage();
  expect(countMappings()).toBeLessThanOrEqual(mappings + SLACK);
});

test('no thread, no listener and nothing else that keeps the process alive is left', async () => {
  const said = await hearProgram('limits/leaks#nothingElse', { args: [tempFile(CONTENT)] });
  expect(said).toEqual([true]);
});

test('many rounds with a view in one turn of the event loop do not use up the address space', async () => {
  const said = await hearProgram('limits/leaks#addresses', {
    args: [tempFile(CONTENT), repeated(60_000)],
  });
  expect(said).toEqual([true]);
});
