import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { FAULTS } from '../helpers/faults.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';
import { SHARED } from '../helpers/wasm.js';

// Where code of WebAssembly touches pages in vain, and what must have stayed a trap, in processes of their own.

const PAGE = 4096;
const CONTENT = pattern(20 * PAGE);
const OUTSIDE = 'RuntimeError: memory access out of bounds';
const PRELUDE = `${SHARED} ${FAULTS} const PAGE = ${PAGE};`;

const WAYS = [
  ['', []],
  [' that does without signals', ['--disable-wasm-trap-handler']],
  [' that is optimised at once', ['--no-liftoff']],
] as const;

describe.each(WAYS)('code%s', (_, flags) => {
  const told = (source: string, path: string) =>
    hear(`${PRELUDE} ${source}`, { args: [path], flags: [...flags] });

  test('that loads what another process has cut off reads zeroes, and the file has a fault', async () => {
    for (const open of ['MmapFile.open', 'MmapFileMut.openExisting']) {
      const path = tempFile(CONTENT);
      const said = await told(
        `const file = ${open}(args[0]);
         const memory = sharedMemory(1);
         const code = over(memory);
         const { address } = file.mapInto(memory, 5);
         const before = code.load(address + 10 * PAGE);
         require('node:child_process').execFileSync('truncate', ['-s', '0', args[0]]);
         say([before, code.load(address + 10 * PAGE), code.load(address), faultOf(() => file.readUInt8(0))]);
         say([endOf(() => code.load(address + 1e6)), endOf(() => code.load(-1))]);
         code.store(address + PAGE, 5);
         say(code.load(address + PAGE));
         file.close();
         say(code.load(address + PAGE));`,
        path,
      );
      const fault = { name: 'MmapFaultError', code: 'ERR_MMAP_FAULT', reason: 'truncated', path };
      const offset = 10 * PAGE + 5;
      expect(said[0]).toMatchObject([CONTENT[offset], 0, 0, fault]);
      expect(said.slice(1)).toEqual([[OUTSIDE, OUTSIDE], 5, 0]);
    }
  });

  test('that stores where only reading is allowed leaves the file as it is', async () => {
    const path = tempFile(CONTENT);
    const said = await told(
      `const file = MmapFile.open(args[0]);
       const memory = sharedMemory(1);
       const code = over(memory);
       const { address } = file.mapInto(memory, PAGE, PAGE);
       code.store(address + 7, 1);
       say([code.load(address + 7), faultOf(() => file.readUInt8(0)).reason]);
       file.reopen();
       say(code.load(address + 7));
       code.store(address - 1, 9); // the program's own
       say([code.load(address - 1), file.isFaulted]);`,
      path,
    );
    expect(said).toEqual([[1, 'read-only'], CONTENT[PAGE + 7], [9, false]]);
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });

  test('has its traps, in turns with faults', async () => {
    const said = await told(
      `const seen = new Set();
       const memory = sharedMemory(1, 5000);
       const code = over(memory);
       for (let i = 0; i < 100; ++i) {
         fs.writeFileSync(args[0], Buffer.alloc(3 * PAGE, 1));
         const file = MmapFile.open(args[0]);
         const { address } = file.mapInto(memory);
         const end = memory.buffer.byteLength;
         seen.add([endOf(() => code.load(end)), endOf(() => code.store(end + i * PAGE, 1)), endOf(() => code.fail(0))].join());
         if (i % 2 === 0) code.store(address, 2);
         else { fs.truncateSync(args[0], PAGE); code.load(address + 2 * PAGE); }
         seen.add(faultOf(() => file.readUInt8(0)).reason + code.load(address));
         seen.add([endOf(() => code.load(end)), endOf(() => code.store(end + i * PAGE, 1)), endOf(() => code.fail(0))].join());
         file.close();
         seen.add(code.load(address));
       }
       say([...seen]);`,
      tempFile(),
    );
    const traps = [OUTSIDE, OUTSIDE, 'RuntimeError: unreachable'].join();
    expect(said).toEqual([[traps, 'read-only2', 0, 'truncated1']]);
  });
});

/** For the source of a child: has a thread keep code over the memory, as `my.code`. */
const SEND = `
  const send = (thread, memory) => thread.run((memory, shared) => {
    my.memory = memory;
    my.code = new Function(shared + 'return over;')()(memory);
  }, memory, ${JSON.stringify(SHARED)});
`;

test('a thread that was sent the memory sees the file, its faults and its end', async () => {
  const path = tempFile(CONTENT);
  const source = `
    ${PRELUDE} ${THREADS} ${SEND}
    const file = MmapFileMut.openExisting(args[0]);
    const memory = sharedMemory(1);
    const { address } = file.mapInto(memory, PAGE);
    const thread = startThread();
    await send(thread, memory);
    const load = (offset) => thread.run((at) => my.code.load(at), address + offset);
    say(await load(5));
    await thread.run((at) => my.code.store(at, 99), address + 8);
    say([await load(8), file.readUInt8(PAGE + 8)]);
    fs.truncateSync(args[0], 2 * PAGE);
    say([await load(5 * PAGE), faultOf(() => file.readUInt8(0)).reason]);
    file.close();
    say(await load(8));
    await thread.terminate();`;
  const said = await hear(source, { args: [path] });
  expect(said).toEqual([CONTENT[PAGE + 5], [99, 99], [0, 'truncated'], 0]);
});

test('a thread that ends takes its files out of a memory that lives on', async () => {
  const source = `
    ${PRELUDE} ${THREADS} ${SEND}
    const memory = sharedMemory(1);
    for (const way of ['end', 'terminate']) {
      const thread = startThread();
      await send(thread, memory);
      const address = await thread.run((path) => {
        my.file = MmapFile.open(path);
        return my.file.mapInto(my.memory).address;
      }, args[0]);
      const before = over(memory).load(address);
      await thread[way]();
      say([before, over(memory).load(address), mappings()]);
    }`;
  const said = await hear(source, { args: [tempFile(CONTENT)] });
  expect(said).toEqual([
    [CONTENT[0], 0, 0],
    [CONTENT[0], 0, 0],
  ]);
});

test('threads that map into one memory, and grow it, while others load and store, never meet', async () => {
  const source = `
    ${PRELUDE} ${THREADS} ${SEND}
    const memory = sharedMemory(1, 60000);
    const threads = await Promise.all([1, 2, 3].map(startThread));
    for (const thread of threads) await send(thread, memory);
    const found = await Promise.all(threads.map((thread, index) => thread.run((path, index) => {
      let wrong = 0;
      for (let round = 0; round < 200; ++round) {
        const file = MmapFileMut.anonymous(70000);
        file.fill(index + 1);
        const { address, release } = file.mapInto(my.memory);
        for (let at = 0; at < 70000; at += 5000) {
          if (my.code.load(address + at) !== index + 1) ++wrong;
          my.code.store(address + at, index + 1);
        }
        my.code.grow(1);
        file.close();
        if (my.code.load(address) !== 0) ++wrong;
      }
      return wrong;
    }, args[0], index)));
    say(found);
    for (const thread of threads) await thread.terminate();`;
  expect(await hear(source, { args: [tempFile(CONTENT)] })).toEqual([[0, 0, 0]]);
});
