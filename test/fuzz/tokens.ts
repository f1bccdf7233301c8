// Attaches with tokens that were tampered with, or forged. Arguments: a directory, a seed, and the
// number of tokens. Reports what was not as promised.
import * as fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { MmapError, MmapFile, MmapFileMut } from '@fmmap/core';
import { AsyncMmapFile, AsyncMmapFileMut } from '@fmmap/node';
import { Random } from '../matrix/random.js';
import { CallLog } from './call-log.js';
import { type Dict, tamper } from './tamper.js';
import { show } from './values.js';

const [directory = '', seed = '1', count = '500'] = process.argv.slice(2);
const random = new Random(Number(seed));
const log = new CallLog(directory);
const PAGE = 4096;
const findings: string[] = [];
const expect = (isRight: boolean, what: string): void => {
  if (!isRight && findings.length < 10) findings.push(what);
};

interface Sample {
  readonly file: MmapFile;
  readonly content: Buffer;
  readonly isWritable: boolean;
}

function sample(name: string, byte: number, make: (path: string) => MmapFile): Sample {
  const path = `${directory}/${name}`;
  const content = Buffer.alloc(5 * PAGE + 100, byte);
  fs.writeFileSync(path, content);
  const file = make(path);
  return { file, content, isWritable: file instanceof MmapFileMut };
}

const shared = [
  sample('writable', 0xaa, (path) => MmapFileMut.open(path)),
  sample('other', 0xbb, (path) => MmapFileMut.open(path)),
  sample('readable', 0xcc, (path) => MmapFile.open(path)),
  sample('private', 0xdd, (path) => MmapFileMut.openCow(path)),
  sample('memory', 0xee, (path) => MmapFileMut.memory(path, fs.readFileSync(path))),
];
const secrets = [
  sample('secret', 0x11, (path) => MmapFileMut.open(path)),
  sample('secret-readable', 0x22, (path) => MmapFile.open(path)),
];
const types = [MmapFile, MmapFileMut, AsyncMmapFile, AsyncMmapFileMut];
type File = MmapFile | MmapFileMut | AsyncMmapFile | AsyncMmapFileMut;

/** If a handle was returned, it must be right in every respect. */
function look(file: File, isMut: boolean): void {
  const found = shared.find(({ file: { path } }) => path === file.path);
  expect(found !== undefined, `it is attached to ${show(file.path)}`);
  if (!found) return;
  const { content, isWritable, file: original } = found;
  expect(isWritable || !isMut, 'it is writable, and the mapping is not');
  expect(file.length === content.length, `its length is ${file.length}`);
  expect(file.isCow === original.isCow && !file.isClosed, 'its state is wrong');
  expect(file.lockState === original.lockState && !file.isFaulted, 'its state is wrong');
  const offset = random.below(content.length - 16);
  expect(file.copyBytes().equals(content), 'a copy is wrong');
  expect(file.readUInt8(offset) === content[offset], 'a byte is wrong');
  expect(file.readBigUInt128LE(offset) === original.readBigUInt128LE(offset), 'a read is wrong');
  expect(file.bytes(offset, 16).equals(content.subarray(offset, offset + 16)), 'a view is wrong');
  expect(file.indexOf(content[0] ?? 0) === 0 && file.indexOf(0) === -1, 'a search is wrong');
  expect(file.residency().length === 6, 'its pages are wrong');
  if (isMut && isWritable) {
    (file as MmapFileMut).writeUInt8(content[offset] ?? 0, offset);
    expect(original.asBuffer().equals(content), 'what was written is elsewhere');
  }
}

const isAnswer = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof MmapError || / throws$/.test(String(error));

const windowsOf = (of: Sample): Dict[] => [
  ...(of.file.share() as unknown as { windows: Dict[] }).windows,
];

const isWhole = (): boolean => shared.every(({ file }) => !file.isClosed && !file.isFaulted);

let index = 0;
for (; index < Number(count) && isWhole(); ++index) {
  const of = random.pick(shared);
  const others = shared.flatMap(windowsOf);
  const { token, how } = tamper(of.file.share() as unknown as Dict, others, random);
  const type = random.pick(types);
  log.add(`${type.name}.attach of ${of.file.path} ${how}`, []);
  let file: File;
  try {
    file = type.attach(token as never);
  } catch (error) {
    expect(isAnswer(error), `${how}: ${error}`);
    continue;
  }
  const before = findings.length;
  try {
    look(file, type.name.endsWith('Mut'));
    await file.close();
  } catch (error) {
    expect(false, `a handle that was given throws ${error}`);
  }
  if (findings.length > before) findings.push(`^ ${type.name}.attach, ${how}`);
  if (index % 50 > 0) continue;
  globalThis.gc?.();
  await setImmediate();
}

for (const { file, content } of [...shared, ...secrets]) {
  const isRight = !file.isClosed && !file.isFaulted && file.copyBytes().equals(content);
  expect(isRight, `${file.path} has changed, after ${index} tokens`);
  expect(fs.readFileSync(file.path).equals(content), `${file.path} has changed on the disk`);
  file.close();
}
fs.writeSync(1, JSON.stringify(findings));
