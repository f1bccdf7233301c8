// What another thread does between two steps of a call, at each place where the call can notice.
import { expect, onTestFinished, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapFileReader, MmapFileWriter } from '../../src/index.js';
import { WindowSet } from '../../src/mapping/window-set.js';
import { gettersOf, type Member, methodsOf } from '../helpers/surface.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);
/** What takes the file from under the other handles: they use an attached handle, as other threads do. */
const CHANGES: Readonly<Record<string, (owner: MmapFileMut) => void>> = {
  'closes it': (owner) => owner.close(),
  'empties it': (owner) => owner.truncate(0),
  'cuts it': (owner) => owner.truncate(4000),
  'extends it': (owner) => owner.truncate(20_000),
};

/** Makes things to call, with what the changes leave of the file before and after their position. */
const SUBJECTS: Readonly<Record<string, [{ prototype: object }, (of: MmapFileMut) => object]>> = {
  MmapFile: [MmapFile, (of) => MmapFile.attach(of.share())],
  MmapFileMut: [MmapFileMut, (of) => MmapFileMut.attach(of.share())],
  MmapFileReader: [MmapFileReader, (of) => MmapFile.attach(of.share()).reader(5000, 3000)],
  MmapFileWriter: [MmapFileWriter, (of) => MmapFileMut.attach(of.share()).writer(5000, 3000)],
};

const stale = Object.getOwnPropertyDescriptor(WindowSet.prototype, 'isStale') as {
  get: (this: WindowSet) => boolean;
};

/** Runs `act`, and `change` before the `turn`th time that it asks for changes. @returns How often it asked. */
function during(act: () => void, turn: number, change: () => void): number {
  let asked = 0;
  Object.defineProperty(WindowSet.prototype, 'isStale', {
    configurable: true,
    get(this: WindowSet) {
      if (++asked === turn) change();
      return stale.get.call(this);
    },
  });
  try {
    act();
  } finally {
    Object.defineProperty(WindowSet.prototype, 'isStale', stale);
  }
  return asked;
}

/** @returns What a call did that no call may do. */
function wrongOf(member: Member, subject: object): string | undefined {
  try {
    member.use(subject);
    return undefined;
  } catch (error) {
    const { name, message } = error as Error;
    return /^Mmap\w*Error$/.test(name) ? undefined : `${member.name}: ${name}: ${message}`;
  }
}

for (const [name, [type, make]] of Object.entries(SUBJECTS)) {
  test.each(Object.entries(CHANGES))(
    `each member of ${name}, while another thread %s`,
    (_, change) => {
      onTestFinished(() => {
        Object.defineProperty(WindowSet.prototype, 'isStale', stale);
      });
      const wrong = new Set<string>();
      for (const member of [...methodsOf(type), ...gettersOf(type)]) {
        for (let turn = 1, asked = turn; turn <= asked; ++turn) {
          const owner = MmapFileMut.open(tempFile(CONTENT));
          const subject = make(owner);
          let isOver = false;
          asked = during(
            () => {
              const found = wrongOf(member, subject);
              if (found !== undefined) wrong.add(found);
            },
            turn,
            () => {
              if (!isOver) change(owner);
              isOver = true;
            },
          );
          if (!owner.isClosed) owner.close();
        }
      }
      expect([...wrong]).toEqual([]);
    },
  );
}
