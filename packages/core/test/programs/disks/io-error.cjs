// Operations on a device that cannot be read, or that loses what is stored.
const crypto = require('node:crypto');
const fs = require('node:fs');
const { dirname } = require('node:path');
const { failingDisk } = require('../failing-disk.cjs');
const { faultOf } = require('../faults.cjs');
const { openerOf } = require('../openers.cjs');
const { args, pattern, say, caught } = require('../program.cjs');

const PAGE = 4096;
const FROM = 5 * PAGE + 100;
const SIZE = 40 * PAGE;
const NEEDLE = 'what is searched for';
const CONTENT = pattern(SIZE);
CONTENT.write(NEEDLE, 30 * PAGE + 7);

/** A file on the disk, the control of the disk, and a directory elsewhere. */
const [path, control, elsewhere] = args;
const other = `${elsewhere}/other`;

exports.ACTS = {
  'a typed read': (file) => file.readUInt32LE(FROM),
  'a typed read across pages': (file) => file.readBigUInt64LE(6 * PAGE - 4),
  'a view': (file) => {
    file.asBuffer()[FROM];
    file.checkFault();
  },
  'a view given to crypto': (file) => {
    crypto.createHash('sha256').update(file.bytes(FROM, 9000)).digest();
    file.checkFault();
  },
  'a view given to Buffer.compare': (file) => {
    file.bytes(FROM, 9000).equals(CONTENT.subarray(0, 9000));
    file.checkFault();
  },
  'a view given to fs.writeSync': (file, sink) => {
    const { code } = caught(() => fs.writeSync(sink, file.bytes(FROM, 10), 0, 10, 0));
    if (code !== 'EFAULT') throw new Error(code);
    file.readUInt8(FROM);
  },
  copyBytes: (file) => file.copyBytes(FROM, 9000),
  'copyBytes of less than a page': (file) => file.copyBytes(FROM, 10),
  read: (file) => file.read(Buffer.alloc(100), FROM),
  readExact: (file) => file.readExact(Buffer.alloc(9000), FROM),
  indexOf: (file) => file.indexOf(NEEDLE),
  'indexOf from there on': (file) => file.indexOf(NEEDLE, FROM),
  lastIndexOf: (file) => file.lastIndexOf(NEEDLE),
  'a reader': (file) => {
    const r = file.reader(1);
    for (;;) r.readUInt16LE();
  },
  'the lines of a reader': (file) => {
    [...file.reader(FROM)];
  },
  prefetch: (file) => file.prefetch(FROM),
  'prefetch of what is partly there': (file) => file.prefetch(10),
  'writeToNewFile on another file system': (file) => file.writeToNewFile(other, FROM, 9000),
  'writeToNewFile on the same file system': (file) =>
    file.writeToNewFile(`${path}.copy`, FROM, 9000),
};

/** Makes the file. @returns A function that does something with it while the device cannot be read. */
const prepare = () => {
  const { fail, forget } = failingDisk(control);
  fs.writeFileSync(path, CONTENT);
  // From here on, the metadata that a new file needs is in memory.
  fs.writeFileSync(`${path}.first`, CONTENT);
  fs.rmSync(`${path}.first`);
  const fd = fs.openSync(path, 'r+');
  const sink = fs.openSync(`${elsewhere}/sink`, 'w+');
  fs.fsyncSync(fd);
  /**
   * Does it with a mapping of its own, and returns the error, the error of a later read of the first
   * page, and whether everything works again once the device does.
   */
  return (open, act) => {
    forget(path);
    const file = open(path);
    file.advise('random'); // otherwise the first page would bring others in, as it does in executable memory
    if (!file.isExec && file.readUInt8(0) !== CONTENT[0]) {
      throw new Error('the first page is wrong');
    }
    fail('pread', true);
    try {
      const found = faultOf(() => act(file, sink));
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
};

exports.read = (_path, _control, _elsewhere, open, acts) => {
  const meet = prepare();
  for (const act of acts) say(meet(openerOf(open), exports.ACTS[act]));
  say(fs.readdirSync(dirname(path)).sort());
  say(fs.existsSync(other));
};

exports.lockMemory = () => {
  say(prepare()(openerOf('MmapFile.open'), (file) => file.lockMemory(FROM, 100)));
};

exports.store = () => {
  const meet = prepare();
  const open = openerOf('MmapFileMut.openExisting');
  say(meet(open, (file) => file.writeUInt32LE(1, FROM)));
  say(
    meet(open, (file) => {
      file.asBuffer()[FROM] = 1;
      file.checkFault();
    }),
  );
  say(meet(open, (file) => file.writeAll('xyz', FROM)));
  say(
    meet(open, (file) => {
      file.asBuffer()[FROM] = 1;
      file.flush();
    }),
  );
  say(fs.readFileSync(path).equals(CONTENT));
};
