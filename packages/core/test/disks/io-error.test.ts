import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { FAULTS, faultError, inPages, within } from '../helpers/faults.js';
import { makeFailingDisk } from '../helpers/file-systems.js';
import { canMount, FAILING_DISK } from '../helpers/mounting.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const FROM = 5 * PAGE + 100;
const SIZE = 40 * PAGE;
const NEEDLE = 'what is searched for';
const CONTENT = pattern(SIZE);
CONTENT.write(NEEDLE, 30 * PAGE + 7);

/**
 * Runs operations on a file whose first page is in memory and whose others are on a device that
 * cannot be read, each on a mapping of its own, and says for each what it throws, whether the first
 * page was readable until then, and whether all is well again once the device is.
 */
const TOOLS = `
  ${FAULTS}
  const crypto = require('node:crypto');
  const [path, other, source] = args;
  const CONTENT = fs.readFileSync(source);
  fs.writeFileSync(path, CONTENT);
  // What a new file takes of the disk's own data is in memory from here on.
  fs.writeFileSync(path + '.first', CONTENT);
  fs.rmSync(path + '.first');
  const fd = fs.openSync(path, 'r+');
  const sink = fs.openSync(source, 'r+');
  fs.fsyncSync(fd);
  const meet = (open, act) => {
    forget(path);
    const file = open(path);
    file.advise('random'); // or the first page would bring others, as it does in executable memory
    if (!file.isExec && file.readUInt8(0) !== CONTENT[0]) throw new Error('the first page is wrong');
    fail('pread', true);
    try {
      const found = faultOf(() => act(file));
      const after = faultOf(() => file.readUInt8(0));
      const { size } = file.stat();
      fail('pread', false);
      file.reopen();
      const isBack = file.copyBytes().equals(CONTENT) && !file.isFaulted && size === CONTENT.length;
      return { found, after, isBack };
    } finally {
      fail('pread', false);
      file.close();
    }
  };
`;

const OPEN: Record<string, string> = {
  'MmapFile.open': 'path => MmapFile.open(path)',
  'MmapFile.openExec': 'path => MmapFile.openExec(path)',
  'MmapFileMut.openCow': 'path => MmapFileMut.openCow(path)',
  'MmapFileMut.openExisting': 'path => MmapFileMut.openExisting(path)',
};

/** With the offset of the fault. */
const ACTS: Record<string, [source: string, offset: unknown]> = {
  'a typed read': [`file => file.readUInt32LE(${FROM})`, FROM],
  'a typed read across pages': [
    `file => file.readBigUInt64LE(${6 * PAGE - 4})`,
    within(6 * PAGE - 4, 6 * PAGE),
  ],
  'a view': [`file => { file.asBuffer()[${FROM}]; file.checkFault(); }`, FROM],
  'a view given to crypto': [
    `file => { crypto.createHash('sha256').update(file.bytes(${FROM}, 9000)).digest(); file.checkFault(); }`,
    inPages(FROM, FROM + 8999),
  ],
  'a view given to Buffer.compare': [
    `file => { file.bytes(${FROM}, 9000).equals(CONTENT.subarray(0, 9000)); file.checkFault(); }`,
    inPages(FROM, FROM + 8999),
  ],
  'a view given to fs.writeSync': [
    // Node's call says EFAULT; the page is found when it is touched.
    `file => {
      const { code } = caught(() => fs.writeSync(sink, file.bytes(${FROM}, 10), 0, 10, 0));
      if (code !== 'EFAULT') throw new Error(code);
      file.readUInt8(${FROM});
    }`,
    FROM,
  ],
  copyBytes: [`file => file.copyBytes(${FROM}, 9000)`, inPages(FROM, FROM + 8999)],
  'copyBytes of less than a page': [`file => file.copyBytes(${FROM}, 10)`, inPages(FROM)],
  read: [`file => file.read(Buffer.alloc(100), ${FROM})`, inPages(FROM)],
  readExact: [`file => file.readExact(Buffer.alloc(9000), ${FROM})`, inPages(FROM, FROM + 8999)],
  indexOf: [`file => file.indexOf('${NEEDLE}')`, inPages(PAGE)],
  'indexOf from there on': [`file => file.indexOf('${NEEDLE}', ${FROM})`, inPages(FROM)],
  lastIndexOf: [`file => file.lastIndexOf('${NEEDLE}')`, inPages(SIZE - 1)],
  'a reader': [
    `file => { const r = file.reader(1); for (;;) r.readUInt16LE(); }`,
    within(PAGE - 1, PAGE),
  ],
  'the lines of a reader': [`file => { [...file.reader(${FROM})]; }`, inPages(FROM, SIZE - 1)],
  prefetch: [`file => file.prefetch(${FROM})`, FROM],
  'prefetch of what is partly there': ['file => file.prefetch(10)', PAGE],
  'writeToNewFile on another file system': [
    `file => file.writeToNewFile(other, ${FROM}, 9000)`,
    FROM,
  ],
  'writeToNewFile on the same file system': [
    `file => file.writeToNewFile(path + '.copy', ${FROM}, 9000)`,
    FROM,
  ],
};

/** Where the second page is the first to be missed: executable memory has it with the first one. */
const NOT_EXEC = ['indexOf', 'a reader', 'prefetch of what is partly there'];

describe.runIf(canMount(...FAILING_DISK))('a device that cannot be read', () => {
  test.each(Object.keys(OPEN))('is a fault of %s, which ends with the cause', async (open) => {
    const disk = await makeFailingDisk(32 << 20);
    const path = `${disk.directory}/file.bin`;
    const acts = Object.entries(ACTS).filter(
      ([act]) => open !== 'MmapFile.openExec' || !NOT_EXEC.includes(act),
    );
    const said = await hear(
      `${disk.source}${TOOLS}
      for (const act of [${acts.map(([, [act]]) => act)}]) say(meet(${OPEN[open]}, act));
      say(fs.readdirSync(require('node:path').dirname(path)).sort());
      say(fs.existsSync(other));`,
      { args: [path, `${tempDir()}/other`, tempFile(CONTENT)] },
    );
    expect.soft(said.splice(-2)).toEqual([['file.bin', 'lost+found'], false]);
    expect(said.length).toBe(acts.length);
    for (const [index, [act, [, offset]]] of acts.entries()) {
      const { found, after, isBack } = said[index] as Record<string, unknown>;
      expect.soft({ act, found }).toEqual({ act, found: faultError('io', offset, path) });
      expect.soft({ act, after, isBack }).toEqual({ act, after: found, isBack: true });
    }
  });

  test('does not hold up lockMemory', async () => {
    const disk = await makeFailingDisk(32 << 20);
    const said = await hear(
      `${disk.source}${TOOLS} say(meet((path) => MmapFile.open(path), (file) => file.lockMemory(${FROM}, 100)));`,
      { args: [`${disk.directory}/file.bin`, '', tempFile(CONTENT)], timeout: 10_000 },
    );
    const found = faultError('io', FROM, `${disk.directory}/file.bin`);
    expect(said).toEqual([{ found, after: found, isBack: true }]);
  });

  test('loses a store, which is a fault with another cause than a full disk', async () => {
    const disk = await makeFailingDisk(32 << 20);
    const path = `${disk.directory}/file.bin`;
    const said = await hear(
      `${disk.source}${TOOLS}
      const open = (path) => MmapFileMut.openExisting(path);
      say(meet(open, (file) => file.writeUInt32LE(1, ${FROM})));
      say(meet(open, (file) => { file.asBuffer()[${FROM}] = 1; file.checkFault(); }));
      say(meet(open, (file) => file.writeAll('xyz', ${FROM})));
      say(meet(open, (file) => { file.asBuffer()[${FROM}] = 1; file.flush(); }));
      say(fs.readFileSync(path).equals(CONTENT));`,
      { args: [path, '', tempFile(CONTENT)] },
    );
    const found = faultError('io', FROM, path);
    const inPage = faultError('io', inPages(FROM), path);
    const all = { found, after: found, isBack: true };
    expect(said).toEqual([all, all, { ...all, found: inPage, after: inPage }, all, true]);
  });
});
