import { expect } from 'vitest';
import { kinds } from '../helpers/kinds.js';
import { whereCallsAreTraced } from '../helpers/platform.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { test } = whereCallsAreTraced;

/** Calls that read whatever there is, and what they return. */
const TAKES: Readonly<Record<string, unknown>> = {
  'file.prefetch()': null,
  'file.residency().length': 0,
  'file.read(Buffer.alloc(5))': 0,
  'file.read(Buffer.alloc(5), 7)': 0,
  'file.asBuffer().length': 0,
  'file.bytes(0, 0).length': 0,
  'file.array(Float64Array).length': 0,
  'file.copyBytes().length': 0,
  "file.indexOf('a')": -1,
  "file.lastIndexOf('a')": -1,
  "file.includes('a')": false,
  "file.indexesOf('a', new Float64Array(5))": 0,
  'file.reader().remaining': 0,
  'reader.length': 0,
  'reader.remaining': 0,
  'reader.read(Buffer.alloc(5))': 0,
  'reader.peek(5).length': 0,
  'reader.skip(5)': 0,
  'reader.bytes(0).length': 0,
  'reader.readLine()': null,
  "reader.readUntil('a')": null,
  'reader.readText()': '',
  'reader.readText(0)': '',
  'reader.follow()': 0,
  'file.bytes().length': 0,
  'writer.read(Buffer.alloc(5))': 0,
  'writer.bytes(0).length': 0,
  '[...reader].length': 0,
  '[...reader.chunks(5)].length': 0,
  "reader.seek(0, 'end')": 0,
};

/** Calls that need a byte which is not there. */
const NEEDS = [
  ...namesIn('durability/poisoned-reads#NEEDS'),
  ...kinds.flatMap(({ suffix }) => [`file.read${suffix}(0)`, `reader.read${suffix}()`]),
];

test('calls that read whatever there is find a poisoned file empty, and those that need a byte throw', async () => {
  const path = tempFile(pattern(1000));
  const { through } = strace('msync', ['msync:error=EIO:when=1']);
  const said = await hearProgram('durability/poisoned-reads#read', {
    args: [path, kinds.map(({ suffix }) => suffix)],
    through,
  });
  expect(Object.keys(TAKES)).toEqual(namesIn('durability/poisoned-reads#TAKES'));
  expect(said).toEqual([
    ...Object.entries(TAKES).map(([source, value]) => [source, { value }]),
    ...NEEDS.map((source) => [source, { threw: 'MmapPoisonedError' }]),
  ]);
});
