import { expect } from 'vitest';
import { whereWasmMemory } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { test } = whereWasmMemory;

// What keeps what alive: the file in the memory of WebAssembly code, and the memory of a file.

const CONTENT = pattern(20 * 4096);
const told = (name: string) =>
  hearProgram(`wasm/memory#${name}`, { args: [tempFile(CONTENT)], timeout: 60_000 });

test('code keeps using a file whose memory, file and range objects were dropped', async () => {
  const said = await told('dropped');
  expect(said).toEqual([[CONTENT[5], CONTENT[10_005], true]]);
});

test('the memory stays as long as the file is in it', async () => {
  const said = await told('memoryStays');
  expect(said).toEqual([2, 0]);
});

test('nothing is left of dropped memories and files', async () => {
  const said = await told('nothingLeft');
  expect(said).toEqual([[0, true]]);
});

test('nothing is left of released ranges and closed files', async () => {
  const said = await told('released');
  expect(said).toEqual([[3, 0]]);
});

test('arrays over the memory show the file as long as the memory is there', async () => {
  const said = await told('arrays');
  expect(said).toEqual([[CONTENT[5], CONTENT.length]]);
});
