// Reads a file in several threads while another process makes it shorter and longer.
const crypto = require('node:crypto');
const fs = require('node:fs');
const fmmap = require('../package.cjs');
const { say, turn } = require('../program.cjs');
const { startThread } = require('../threads.cjs');

const { MmapFile, MmapFileMut } = fmmap;

/**
 * What both processes know: the content of the file at its longest, in which no byte is zero. The
 * file always holds the start of it, because it grows by write(2) alone, which shows a page once its
 * bytes are there. So every byte that a mapping shows is right, or made up, with one documented
 * exception: between the end of the file and the end of that page, there are zeroes without a
 * fault. The file ends at whole pages, or late in one of few pages: only there may a zero be.
 */

const PAGE = 4096;
const PAGES = 256;
const CONTENT = Buffer.alloc(PAGES * PAGE);
for (let at = 0; at < CONTENT.length; ++at)
  CONTENT[at] = 1 + ((at * 31 + (at >> 8) * 7 + (at >> 12) * 13) % 251);
/** What is searched for: 252 to 255 occur nowhere else. */
const NEEDLE = Buffer.from([252, 253, 254, 255, 252]);
const NEEDLES = [3 * PAGE - 2, 40 * PAGE + 100, 200 * PAGE - 1];
for (const at of NEEDLES) NEEDLE.copy(CONTENT, at);
const CUTS = 8; // one page in so many
const LATE = 1000; // bytes of it that always stay
const mayBeCut = (at) => Math.floor(at / PAGE) % CUTS === 5 && at % PAGE >= LATE;
const below = (limit) => Math.floor(Math.random() * Math.max(limit, 1));
const past = (() => {
  const start = process.hrtime.bigint();
  return (seconds) => process.hrtime.bigint() - start > BigInt(Math.round(seconds * 1e9));
})();

const WORDS = new DataView(CONTENT.buffer, CONTENT.byteOffset, CONTENT.length);
const KINDS = /** @type {[(file: any, at: number) => number | bigint, number][]} */ ([
  [(file, at) => file.readUInt8(at), 1],
  [(file, at) => file.readUInt16LE(at), 2],
  [(file, at) => file.readUInt32LE(at), 4],
  [(file, at) => file.readBigUInt64LE(at), 8],
  [(file, at) => file.readBigUInt128LE(at), 16],
]);

/** The initial file. */
exports.create = (path) => fs.writeFileSync(path, CONTENT);

/** Makes the file shorter and longer until there is a file at `stop`, or for so many seconds. */
exports.truncate = (path, stop, seconds) => {
  const fd = fs.openSync(path, 'r+');
  const wholePages = () => below(PAGES + 1) * PAGE;
  const cut = () => (below(PAGES / CUTS) * CUTS + 5) * PAGE + LATE + below(PAGE - LATE);
  const SIZES = [() => 0, wholePages, cut];
  const found = Buffer.alloc(CONTENT.length);
  let [rounds, wrong] = [0, 0];
  for (; !fs.existsSync(stop) && !past(seconds); ++rounds) {
    const size = SIZES[below(3)]();
    let at = fs.fstatSync(fd).size;
    if (size < at) {
      at = size;
      fs.ftruncateSync(fd, at);
    }
    const end = below(3) === 0 ? Math.max(SIZES[below(3)](), at) : CONTENT.length;
    const isByPage = below(2) === 0;
    while (at < end) {
      const next = isByPage ? Math.min(at - (at % PAGE) + PAGE, end) : end;
      at += fs.writeSync(fd, CONTENT, at, next - at, at);
    }
    // Leaves the file unchanged for a while, for the readers.
    for (let looks = below(20); looks > 0; --looks) {
      const length = fs.readSync(fd, found, 0, found.length, 0);
      if (!found.subarray(0, length).equals(CONTENT.subarray(0, length))) ++wrong;
    }
  }
  say({ rounds, wrong });
};

/** What a thread does repeatedly; each checks every value that it gets. */
const ACTS = Object.values({
  /** A hot loop. */
  words(soak) {
    const { file, base } = soak;
    const from = below(file.length - 8);
    const to = Math.min(from + 8 * PAGE, file.length - 4);
    for (let at = from; at < to; at += 3) {
      const value = file.readUInt32LE(at);
      if (value !== WORDS.getUint32(base + at, true)) soak.checkValue(value, 4, base + at);
    }
    soak.reads += Math.ceil((to - from) / 3);
  },
  kinds(soak) {
    for (let times = 0; times < 100; ++times) {
      const [read, size] = KINDS[below(KINDS.length)];
      const at = below(soak.file.length - size);
      soak.checkValue(read(soak.file, at), size, soak.base + at);
    }
    soak.reads += 100;
  },
  reader(soak) {
    const from = below(soak.file.length - 17);
    const reader = soak.file.reader(from, soak.file.length - from);
    for (let times = 0; times < 500 && reader.remaining >= 8; ++times) {
      const at = soak.base + from + reader.position;
      soak.checkValue(reader.readBigUInt64LE(), 8, at);
      ++soak.reads;
    }
  },
  copies(soak) {
    const at = below(soak.file.length);
    soak.check(
      soak.file.copyBytes(at, below(Math.min(soak.file.length - at, 20 * PAGE))),
      soak.base + at,
    );
    const target = Buffer.alloc(1 + below(3 * PAGE));
    const count = soak.file.read(target, at);
    soak.check(target.subarray(0, count), soak.base + at);
  },
  lines(soak) {
    const reader = soak.file.reader(below(soak.file.length));
    for (let times = 0; times < 20; ++times) {
      const from = soak.base + reader.offset + reader.position;
      const line = reader.readLine();
      if (line === null) break;
      const to = soak.base + reader.offset + reader.position;
      const text = CONTENT.subarray(from, to)
        .toString()
        .replace(/\r?\n$/, '');
      if (line === text) continue;
      const isGap =
        line.includes('\0') &&
        (!soak.isStrict || CONTENT.subarray(from, to).some((_, index) => mayBeCut(from + index)));
      if (!isGap) soak.wrong.push(`a line from ${from} to ${to}`);
    }
  },
  search(soak) {
    const { file, base } = soak;
    const [from, length] = [below(file.length), file.length];
    const places = NEEDLES.map((at) => at - base).filter(
      (at) => at >= 0 && at + NEEDLE.length <= length,
    );
    const first = places.filter((at) => at >= from)[0] ?? -1;
    const last = places.filter((at) => at <= from).at(-1) ?? -1;
    for (const [found, expected] of [
      [file.indexOf(NEEDLE, from), first],
      [file.lastIndexOf(NEEDLE, from), last],
    ]) {
      // A shared file may have been shorter, or longer, for a moment.
      const isPossible = soak.isShared && (found === -1 || NEEDLES.includes(found + base));
      if (found !== expected && !isPossible)
        soak.wrong.push(`found ${found} for ${expected} from ${from}`);
    }
  },
  view(soak) {
    const at = below(soak.file.length);
    const view = soak.file.bytes(at, below(Math.min(soak.file.length - at, 20 * PAGE)));
    const copy = Buffer.from(view);
    crypto.createHash('sha1').update(view).digest();
    view.indexOf(NEEDLE);
    soak.file.checkFault();
    // If another thread had reopened it meanwhile, this thread could not know that it was gone.
    if (!soak.isShared) soak.check(copy, soak.base + at);
  },
  oldView(soak) {
    soak.old ??= soak.file.asBuffer();
    const { old } = soak;
    if (below(20) === 0) soak.old = undefined;
    const copy = Buffer.from(old.subarray(0, soak.file.length));
    soak.file.checkFault();
    if (!soak.isShared && !soak.file.isCow) soak.check(copy, soak.base);
  },
  calls(soak) {
    soak.file.prefetch();
    soak.file.residency();
    soak.file.advise('willneed');
    soak.file.stat();
    soak.file.checkFault();
  },
  /** Stores what is already there. */
  stores(soak) {
    const { file, base } = soak;
    if (!file.writeAll) return;
    for (let times = 0; times < 50; ++times) {
      const at = below(file.length - 4);
      file.writeUInt32LE(WORDS.getUint32(base + at, true), at);
    }
    const at = below(file.length);
    file.writeSome(CONTENT.subarray(base + at, base + at + below(3 * PAGE)), at);
    if (below(10) === 0) file.flush();
  },
});

/** Runs in a thread: works with its own mapping of the file, or with another thread's, for a while. */
exports.soak = async ({ path, isStrict, token, make, options, seconds }) => {
  const fd = fs.openSync(path, 'r');
  const maker = make.startsWith('MmapFileMut') ? MmapFileMut : MmapFile;
  const open = () => maker[make.split('.')[1]](token ?? path, options);
  const soak = {
    file: /** @type {any} */ (undefined),
    base: options?.offset ?? 0,
    isStrict,
    isShared: token !== undefined,
    reads: 0,
    faults: 0,
    zeroes: 0,
    wrong: /** @type {string[]} */ ([]),
    check(found, at) {
      if (found.equals(CONTENT.subarray(at, at + found.length))) return;
      for (const [index, byte] of found.entries()) {
        if (byte === CONTENT[at + index] || (byte === 0 && mayBeCut(at + index))) continue;
        if (byte === 0 && !isStrict && !soak.lasts(at + index)) continue;
        soak.wrong.push(`${byte} at ${at + index}`);
        return;
      }
    },
    /** Whether a byte stays wrong while the file has it. @throws MmapFaultError */
    lasts(at) {
      ++soak.zeroes;
      for (let times = 0; times < 1000; ) {
        if (soak.file.readUInt8(at - soak.base) === CONTENT[at] || past(3 * seconds)) return false;
        times = fs.fstatSync(fd).size > at ? times + 1 : 0;
      }
      return true;
    },
    checkValue(value, size, at) {
      const bytes = Buffer.from(
        BigInt(value)
          .toString(16)
          .padStart(2 * size, '0'),
        'hex',
      ).reverse();
      soak.check(bytes, at);
    },
  };
  /** Adopts the current state of the file, in one of several ways. */
  const renew = () => {
    if (soak.file && (soak.isShared || below(2) === 0)) return soak.file.reopen();
    soak.file?.close();
    soak.file = soak.old = undefined;
    soak.file = open();
  };
  const isEnough = () => soak.faults >= 50 && soak.reads >= 10_000;
  let rounds = 0;
  while (soak.wrong.length < 10 && !(past(seconds) && isEnough()) && !past(3 * seconds)) {
    if (++rounds % 50 === 0) await turn();
    try {
      if (!soak.file || soak.file.length < 100 || below(100) === 0) renew();
      if (soak.file.length >= 100) ACTS[below(ACTS.length)](soak);
    } catch (error) {
      if (error instanceof fmmap.MmapFaultError) {
        ++soak.faults;
        const { reason, offset } = error;
        if (reason !== 'truncated' || !(offset >= 0 && offset < CONTENT.length))
          soak.wrong.push(`${reason} ${offset}`);
        try {
          renew();
        } catch (error) {
          // Shorter than the start of the mapping; or cut again, as another thread has noticed.
          if (
            !(
              error instanceof fmmap.MmapRangeError ||
              (soak.isShared && error instanceof fmmap.MmapFaultError)
            )
          )
            throw error;
        }
      } else if (!(error instanceof fmmap.MmapRangeError && (soak.isShared || soak.base > 0))) {
        throw error; // only being shorter than before, or than the start of the mapping, is a valid reason
      }
    }
  }
  soak.file?.close(); // a collection, while the others still read, would warn of it
  const { reads, faults, zeroes, wrong } = soak;
  return { make, reads, faults, zeroes, wrong };
};

/**
 * Reads a file in several threads for so many seconds, and reports what each found. Unless
 * `isStrict`, it tolerates zeroes that do not last: while another process truncates a file
 * or makes it longer, Linux may show pages past its end, where the file system has them in large
 * pieces (ext4 since 6.16, xfs), without a signal. A page put there by us would stay.
 */
exports.read = async (path, seconds, isStrict) => {
  const writable = MmapFileMut.openExisting(path);
  writable.unlock(); // for the others, whose locks are shared
  const readable = MmapFile.open(path);
  const results = await Promise.all(
    [
      { token: readable.share(), make: 'MmapFile.attach' },
      { token: readable.share(), make: 'MmapFile.attach' },
      { token: writable.share(), make: 'MmapFileMut.attach' },
      { token: writable.share(), make: 'MmapFileMut.attach' },
      { make: 'MmapFile.open' },
      { make: 'MmapFile.open', options: { offset: 5000 } },
      { make: 'MmapFileMut.openCow' },
    ].map((what) =>
      startThread().run((what) => require('../threads/soak.cjs').soak(what), {
        path,
        isStrict,
        seconds,
        ...what,
      }),
    ),
  );
  for (const result of results) say(result);
  readable.close();
  writable.close();
  process.exit();
};
