/**
 * Why a goal is missed, if the cause is known and unavoidable: this is written next to the number in
 * the report. By `table: contender`, or `table: contender / than what`.
 */

const OPEN =
  'this time holds what the packages leave undone, or to the collector (the column beside it): a lock, a look at what was opened, unmapping, which tells every processor that runs a thread of the program (a TLB shootdown), and two looks at whether the handlers of the guard are still in place';

const READ =
  'independent reads are as fast as a processor can hold many of them in flight, which is a matter of instructions: 38 with the check of bounds and of the flag, 23 without. Where an offset depends on the value before, which is what look-ups do, there is no difference';

const V8 =
  'V8 has no vector instructions for a loop: a heap array takes as long, and Bun, whose compiler is another one, does not';

const DEVICE =
  'each record waits for the device once, however it is written: the median of a flush alone was 280 µs for a buffered writer over zeroed blocks, 270 to 300 µs for a map over reserved ones, and 280 µs for appendFileSync and fsync';

const PEERS =
  'a bare DataView itself is hardly four times as fast as their Buffers: once a large file is mapped in pieces of 2 MiB, what is left of a read is mostly the wait for memory';

const INDEX =
  'C is not 1.5 times as fast either, and slower than fmmap: a third of the time is the fsync of 46 MB, which is the same for all';

const CHUNK =
  'each chunk is new memory, whose pages the first store has to fetch: here on the main thread, in fs on the thread pool meanwhile. A BYOB reader uses its memory again';

const MEMORY =
  'both read 1 GiB through two threads of one core, and wait for memory; file.map also attaches a handle for each of 16 chunks';

const AT_ONCE =
  'the event loop copies all of them, one after the other; FileHandle.read has four threads for it, and takes five times as long where reads are not at once';

const COLD =
  'the first system call for a page that is not there begins to read it; then the event loop has to be told, and copies. FileHandle.read copies on the pool, into memory that may be taken away from it meanwhile';

const LOOP =
  'a tick of the scheduler, 4 ms, is what a thread may have to wait for a processor, and there are two for five busy threads: FileHandle.read waits as long';

const VIEWS =
  'each chunk is a view that is an ArrayBuffer of its own, as streams want it: V8 counts those, and collects after so many; `copy` or a BYOB reader cause fewer collections';

export const REASONS = {
  '4 KiB: fmmap': OPEN,
  '4 KiB, beside 10,000 mappings: fmmap': OPEN,
  '1 GiB, UInt8: fmmap / bare DataView': READ,
  '1 GiB, UInt32LE: fmmap / bare DataView': READ,
  '1 GiB, DoubleLE: fmmap / bare DataView': READ,
  '1 GiB, UInt8: fmmap / peers': PEERS,
  '1 GiB, UInt32LE: fmmap / peers': PEERS,
  '1 GiB, DoubleLE: fmmap / peers': PEERS,
  '1024 MiB: fmmap, four words a turn / C': V8,
  '256 MiB: fmmap, sync / peers': INDEX,
  'each record durable: fmmap, buffered': DEVICE,
  '512 MiB: @fmmap/node, longest, ms': LOOP,
  '512 MiB: @fmmap/worker, longest, ms': LOOP,
  '512 MiB: @fmmap/stream, longest, ms': LOOP,
  '512 MiB: @fmmap/stream, readable, longest, ms': VIEWS,
  'at once, in memory: @fmmap/node': AT_ONCE,
  'at once, cold: @fmmap/node': COLD,
  '1024 MiB: file.map, 2 workers': MEMORY,
  'chunks of 1024 KiB: file.readable, copy': CHUNK,
};
