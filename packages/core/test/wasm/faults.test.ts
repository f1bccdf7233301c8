import * as fs from 'node:fs';
import { expect } from 'vitest';
import { whereWasmMemory } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const { describe, test } = whereWasmMemory;

// WebAssembly code that touches invalid pages, and what must remain a trap, in separate processes.

const PAGE = 4096;
const CONTENT = pattern(20 * PAGE);
const OUTSIDE = 'RuntimeError: memory access out of bounds';
const WAYS = [
  ['', []],
  [' without signal handlers', ['--disable-wasm-trap-handler']],
  [' that is optimised at once', ['--no-liftoff']],
] as const;

describe.each(WAYS)('code%s', (_, flags) => {
  const told = (name: string, path: string, ...args: unknown[]) =>
    hearProgram(`wasm/faults#${name}`, { args: [path, ...args], flags });

  test('that loads what another process has cut off reads zeroes, and the file has a fault', async () => {
    for (const open of ['MmapFile.open', 'MmapFileMut.openExisting']) {
      const path = tempFile(CONTENT);
      const said = await told('load', path, open);
      const fault = { name: 'MmapFaultError', code: 'ERR_MMAP_FAULT', reason: 'truncated', path };
      const offset = 10 * PAGE + 5;
      expect(said[0]).toMatchObject([CONTENT[offset], 0, 0, fault]);
      expect(said.slice(1)).toEqual([[OUTSIDE, OUTSIDE], 5, 0]);
    }
  });

  test('that stores to read-only memory leaves the file unchanged', async () => {
    const path = tempFile(CONTENT);
    const said = await told('store', path);
    expect(said).toEqual([[1, 'read-only'], CONTENT[PAGE + 7], [9, false]]);
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });

  test('still traps, in turns with faults', async () => {
    const said = await told('traps', tempFile());
    const traps = [OUTSIDE, OUTSIDE, 'RuntimeError: unreachable'].join();
    expect(said).toEqual([[traps, 'read-only2', 0, 'truncated1']]);
  });
});

test('a thread that was sent the memory sees the file, its faults and its end', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('wasm/faults#sentMemory', { args: [path] });
  expect(said).toEqual([CONTENT[PAGE + 5], [99, 99], [0, 'truncated'], 0]);
});

test('a thread that ends removes its files from a memory that lives on', async () => {
  const said = await hearProgram('wasm/faults#threadThatEnds', { args: [tempFile(CONTENT)] });
  expect(said).toEqual([
    [CONTENT[0], 0, 0],
    [CONTENT[0], 0, 0],
  ]);
});

test('threads that map into one memory and grow it while others load and store do not collide', async () => {
  expect(await hearProgram('wasm/faults#neverMeet')).toEqual([[0, 0, 0]]);
});
