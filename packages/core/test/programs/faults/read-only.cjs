// Stray writes to views of read-only mappings.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { args, pattern, say, caught } = require('../program.cjs');
const { my, startThread } = require('../threads.cjs');

const PAGE = 4096;
/** Where a single store goes. */
const AT = 2 * PAGE + 8;

const crypto = require('node:crypto');
const { promisify } = require('node:util');
const [path] = args;
const CONTENT = pattern(6 * PAGE + 40);
const { length } = CONTENT;
const readOnly = (file, view = file.asBuffer()) => ({ file, view });
const frozen = (file, how = 'freeze') => {
  const view = file.asBuffer();
  return readOnly(file[how](), view);
};

/** Read-only mappings of each kind, with a view that was made as soon as possible. */
const MAPPINGS = {
  'MmapFile.open': () => readOnly(MmapFile.open(path)),
  'MmapFile.open with an offset': () => readOnly(MmapFile.open(path, { offset: 16 })),
  'MmapFile.open with detachOnClose': () => readOnly(MmapFile.open(path, { detachOnClose: true })),
  'MmapFile.openExec': () => readOnly(MmapFile.openExec(path)),
  'MmapFile.memory': () => readOnly(MmapFile.memory(path, CONTENT)),
  'MmapFile.attach': () => {
    const owner = MmapFile.open(path);
    return { ...readOnly(MmapFile.attach(owner.share())), owner };
  },
  'a frozen file': () => frozen(MmapFileMut.openExisting(path)),
  'a file frozen to be executed': () => frozen(MmapFileMut.openExisting(path), 'freezeExec'),
  'a frozen private copy': () => {
    const file = MmapFileMut.openCow(path);
    file.writeAll('private', 1);
    return frozen(file);
  },
  'frozen memory': () => frozen(MmapFileMut.memory(path, CONTENT)),
  'a frozen file that has grown out of the window of the view': () => {
    fs.truncateSync(path, 5000);
    const file = MmapFileMut.openExisting(path);
    file.truncate(12_000);
    const view = file.asBuffer();
    file.truncate(length);
    file.writeAll(CONTENT);
    return readOnly(file.freeze(), view);
  },
};
/** What the mapping shows if nothing has been stored to it. */
const shown = (name, size) => {
  const whole = Buffer.from(CONTENT.subarray(name.includes('an offset') ? 16 : 0));
  if (name.includes('private')) whole.write('private', 1);
  return whole.subarray(0, size);
};
const isUnchanged = () => fs.readFileSync(path).equals(CONTENT);

const over = (Type, view) =>
  new Type(view.buffer, view.byteOffset, Math.floor(view.length / Type.BYTES_PER_ELEMENT));

/** Each stores to `AT` in a view. */
exports.SINGLE = {
  'an index of a Buffer': (view) => {
    view[AT] = 99;
  },
  'Buffer.writeX': (view) => {
    view.writeDoubleLE(1e300, AT);
  },
  'Buffer.write': (view) => {
    view.write('stray', AT);
  },
  'a typed array': (view) => {
    over(BigUint64Array, view)[AT / 8] = 99n;
  },
  'a DataView': (view) => {
    new DataView(view.buffer, view.byteOffset).setInt16(AT, 99);
  },
  'Atomics.store': (view) => {
    Atomics.store(over(Int32Array, view), AT / 4, 99);
  },
  'Atomics.add': (view) => {
    Atomics.add(over(Int32Array, view), AT / 4, 99);
  },
  'Atomics.exchange': (view) => {
    Atomics.exchange(over(Uint8Array, view), AT, 99);
  },
  'TypedArray.set': (view) => {
    view.set([99], AT);
  },
  'Buffer.copy into it': (view) => {
    Buffer.from('stray').copy(view, AT);
  },
  'the buffer of the view': (view) => {
    new Uint8Array(view.buffer)[view.byteOffset + AT] = 99;
  },
  'a loop that is hot': (view) => {
    const store = (array, at, value) => {
      array[at] = value;
    };
    const heap = new Uint8Array(100);
    for (let i = 0; i < 1e5; ++i) store(heap, i % 100, i);
    store(view, AT, 99);
  },
};

/** Each stores throughout a view. */
exports.MANY = {
  'fill over many pages': (view) => {
    view.fill(0xee);
  },
  'a loop over all': (view) => {
    for (let at = 0; at < view.length; ++at) view[at] = 0xee;
  },
  'TypedArray.set of all': (view) => {
    view.set(Buffer.alloc(view.length, 0xee));
  },
  'TypedArray.copyWithin': (view) => {
    view.copyWithin(0, 100);
  },
  'TypedArray.sort': (view) => {
    view.sort();
  },
  'TypedArray.reverse': (view) => {
    view.reverse();
  },
  'Buffer.swap32': (view) => {
    view.subarray(0, view.length & ~3).swap32();
  },
  'crypto.randomFillSync': (view) => {
    crypto.randomFillSync(view);
  },
  'crypto.randomFill on the pool': async (view) => {
    await promisify(crypto.randomFill)(view);
  },
  'Atomics all over': (view) => {
    const words = over(Int32Array, view);
    for (let at = 0; at < words.length; ++at) Atomics.or(words, at, 0x55555555);
  },
};

/** Stores, looks, reopens and stores once more, with each kind of mapping. */
exports.stray = async (_path, name) => {
  const store = exports.SINGLE[name] ?? exports.MANY[name];
  for (const [mapping, open] of Object.entries(MAPPINGS)) {
    const { file, view, owner } = open();
    const expected = shown(mapping, view.length);
    const model = Buffer.from(new Uint8Array(expected).buffer);
    await store(model);
    // Another mapping of the file, which must not show what is stored to the first.
    const isLocked = file.lockState === 'exclusive';
    const other = isLocked || mapping.includes('memory') ? undefined : MmapFile.open(path);
    const before = [view.equals(expected), file.isFaulted];
    await store(view);
    const isRandom = /random/.test(name);
    const after = [isRandom || view.equals(model), file.isFaulted];
    const error = faultOf(() => file.readUInt8(0));
    const again = faultOf(() => file.checkFault());
    const isOthers = [isUnchanged(), !other || other.copyBytes().equals(CONTENT)];

    file.reopen();
    const isBack = [
      file.isFaulted,
      file.copyBytes().equals(shown(file.isCow ? '' : mapping)),
      view.equals(file.isCow ? Buffer.alloc(view.length) : expected),
    ];
    const fresh = file.asBuffer();
    await store(fresh);
    const second = faultOf(() => file.copyBytes());
    const isStill = [isUnchanged(), !other || other.copyBytes().equals(CONTENT)];
    file.close();
    owner?.close();
    other?.close();
    isStill.push(isUnchanged());
    say({ mapping, before, after, error, again, isOthers, isBack, second, isStill });
  }
};

exports.systemCalls = async () => {
  const other = fs.openSync('/dev/zero', 'r');
  for (const [name, open] of Object.entries(MAPPINGS)) {
    const { file, view, owner } = open();
    const outcomes = [];
    for (const read of [
      () => fs.readSync(other, view),
      () => fs.readvSync(other, [view, view]),
      () => promisify(fs.read)(other, view, 0, view.length, 0),
    ]) {
      try {
        await read();
        outcomes.push('read');
      } catch (error) {
        outcomes.push(error.code);
      }
    }
    say([...outcomes, file.isFaulted, view.equals(shown(name, view.length)), isUnchanged()]);
    // After a stray write the memory is private, and accepts it.
    view[5] = 1;
    fs.readSync(other, view);
    say([view.every((byte) => byte === 0), isUnchanged()]);
    file.close();
    owner?.close();
    say(isUnchanged());
  }
};

exports.otherProcess = () => {
  const { execFileSync } = require('node:child_process');
  const other = (code) => execFileSync(process.execPath, ['-e', code, path]);
  const content = () => other('process.stdout.write(fs.readFileSync(process.argv[1]))');
  const read = () => content().equals(CONTENT);
  const { file, view } = MAPPINGS['MmapFile.open']();
  view.fill(7);
  say(read());
  other('fs.writeSync(fs.openSync(process.argv[1], "r+"), "written")');
  say([view.toString('latin1', 0, 7) === '\x07'.repeat(7), file.isFaulted]);
  file.reopen();
  say([view.toString('latin1', 0, 7), file.isFaulted]);
  view.fill(8);
  file.close();
  say(content().toString('latin1', 0, 7));
  fs.writeFileSync(path, CONTENT);
};

exports.message = () => {
  const file = MmapFile.open(path);
  file.asBuffer()[AT] = 1;
  say(caught(() => file.readUInt8(0)));
};

exports.threads = async () => {
  const attach = (token) => {
    my.file = MmapFile.attach(token);
    my.view = my.file.asBuffer();
  };
  for (const name of ['MmapFile.open', 'MmapFile.openExec', 'MmapFile.memory', 'a frozen file']) {
    const { file } = MAPPINGS[name]();
    const threads = Array.from({ length: 3 }, startThread);
    for (const thread of threads) await thread.run(attach, file.share());
    await Promise.all(
      threads.map((thread, number) =>
        thread.run((number) => {
          my.view.fill(number, number * PAGE);
        }, number),
      ),
    );
    const { reason } = faultOf(() => file.readUInt8(0));
    const names = [];
    for (const thread of threads)
      names.push(await thread.run(() => caught(() => my.file.indexOf('x'))));
    file.reopen();
    const lengths = [];
    for (const thread of threads) {
      lengths.push(
        await thread.run(
          (expected) => [
            my.file.isFaulted,
            my.view.equals(expected),
            my.file.copyBytes().equals(expected),
          ],
          CONTENT,
        ),
      );
    }
    await threads[0].run(() => {
      my.view[3] = 3;
    });
    const again = faultOf(() => file.checkFault());
    say([reason, names, lengths, again.reason, again.offset, isUnchanged()]);
    for (const thread of threads) await thread.end();
    file.close();
  }
};

exports.afterTruncation = () => {
  for (const [name, open] of Object.entries(MAPPINGS)) {
    if (/memory|grown|private/.test(name)) continue;
    for (const size of [0, PAGE, PAGE + 10]) {
      const { file, view, owner } = open();
      fs.truncateSync(path, size);
      view[3 * PAGE] = 1;
      const { name: error, reason } = faultOf(() => file.copyBytes());
      let sum = 0;
      for (let at = 4 * PAGE; at < view.length; ++at) sum += view[at];
      view.fill(1);
      file.close();
      owner?.close();
      say([
        error,
        /^(truncated|read-only)$/.test(reason),
        sum,
        fs.readFileSync(path).equals(CONTENT.subarray(0, size)),
      ]);
      fs.writeFileSync(path, CONTENT);
    }
  }
};

exports.afterStrayWrite = () => {
  for (const [name, open] of Object.entries(MAPPINGS)) {
    if (/memory|grown/.test(name)) continue;
    const { file, view, owner } = open();
    view[5] = 99;
    fs.truncateSync(path, PAGE);
    view[3 * PAGE] = 98;
    const { reason, offset } = faultOf(() => file.checkFault());
    say([view[5], view[3 * PAGE], reason, offset]);
    file.close();
    owner?.close();
    fs.writeFileSync(path, CONTENT);
  }
};

exports.frozenWhenEmpty = () => {
  const file = MmapFileMut.openExisting(path);
  file.asBuffer();
  file.truncate(0);
  const frozen = file.freeze();
  fs.appendFileSync(path, Buffer.alloc(2 * PAGE, 9));
  frozen.reopen();
  frozen.asBuffer()[5] = 1;
  say([
    faultOf(() => frozen.readUInt8(6)).reason,
    fs.readFileSync(path).every((byte) => byte === 9),
  ]);
};

exports.writable = () => {
  for (const open of [MmapFileMut.openExisting, MmapFileMut.openCow]) {
    const file = open(path);
    file.asBuffer().fill(7);
    file.checkFault();
    say([file.isFaulted, file.readUInt8(5)]);
    file.close();
  }
  fs.writeFileSync(path, CONTENT);
};
