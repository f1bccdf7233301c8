/**
 * Why a goal is missed, if the cause is known and unavoidable: this is written next to the number in
 * the report. By `table: contender`, or `table: contender / than what`.
 */

const OPEN =
  'the kernel takes three fifths of the time, which is what C takes for the same calls; the rest is spread over three calls of Node-API and what V8 does for them (12 %), the addon (12 %), the C library (7 %) and JavaScript (6 %, by perf), and no function takes more than 1.5 %. The other packages take no lock, do not look at what they open, and leave unmapping to the collector (the column beside it)';

const READ =
  'independent reads are as fast as a processor can hold many of them in flight, which is a matter of instructions: on Node 20 a loop takes 25 with the check of the flag, 17 without it, and 11 with a bare DataView; on Node 26, 22 with it and 13 with a bare DataView. Where an offset depends on the value before, which is what look-ups do, there is no difference';

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

const LARGE =
  'as for a small file; besides, before mapping this much, fmmap probes for address space (V8 would end the process if there were none), which costs another mmap and munmap';

const GATHER =
  'C with prefetching is hardly faster than the loop of a bare DataView on this machine, whose processor has more of its reads in flight than the one for which the goal was set';

const LOOKUP =
  'a call and the look-up of the handle are 31 of 65 ns (the row above); the rest is the lock of the mapping, since other threads may close or cut it meanwhile, and the numbers that are asked for';

const FLUSH =
  'a second call, `binding.state`, tells first whether another thread has closed or cut the file: 65 ns; the rest are the checks of the range and the steps that sync and async calls share';

const VECTORS =
  'C has vectors of 32 bytes and fuses multiplying and adding; WebAssembly has 16 bytes and does not fuse. With two workers it is level';

const RECORDS =
  'a flush takes 300 µs (the table above), which is 0.3 of 0.8 µs for each of a thousand records';

const TMPFS =
  'fs.writeSync is twice as fast as stores there (146 and 296 ms, measured beside it), a writer 1.5 to 1.65 times: before each write it asks the kernel whether the process has touched the pages';

const NUMBERS =
  'a number takes 28 ns, of which a loop of stores alone takes 12.5; the rest is to look at the position, the end and the flag for each';

export const REASONS = {
  '4 KiB: fmmap': OPEN,
  '4 KiB, beside 10,000 mappings: fmmap': OPEN,
  '1 GiB, sparse: fmmap': LARGE,
  '1 GiB, UInt8: fmmap / bare DataView': READ,
  '1 GiB, UInt32LE: fmmap / bare DataView': READ,
  '1 GiB, DoubleLE: fmmap / bare DataView': READ,
  '1 GiB, UInt8: fmmap / peers': PEERS,
  '1 GiB, UInt32LE: fmmap / peers': PEERS,
  '1 GiB, DoubleLE: fmmap / peers': PEERS,
  '1024 MiB: fmmap, four words a turn / C': V8,
  '2000000 words of 1 GiB: fmmap, file.gather / bare DataView, a loop': GATHER,
  'no operation: binding.state': LOOKUP,
  'flush of memory, which needs none: file.flush': FLUSH,
  'nearest in 1024 MiB: WebAssembly': VECTORS,
  'nearest in 1024 MiB: examples/nearest.ts, 1 worker': VECTORS,
  '256 MiB: fmmap, sync / peers': INDEX,
  '256 MiB, tmpfs, 64 KiB at a time: fmmap, a writer': TMPFS,
  '256 MiB, tmpfs, 8 bytes at a time: fmmap, a writer': NUMBERS,
  'each record durable: fmmap, buffered': DEVICE,
  'a thousand records durable at once: fmmap, buffered': RECORDS,
  '512 MiB: @fmmap/node, longest, ms': LOOP,
  '512 MiB: @fmmap/worker, longest, ms': LOOP,
  '512 MiB: @fmmap/stream, longest, ms': LOOP,
  '512 MiB: @fmmap/stream, readable, longest, ms': VIEWS,
  'at once, in memory: @fmmap/node': AT_ONCE,
  'at once, cold: @fmmap/node': COLD,
  '1024 MiB: file.map, 2 workers': MEMORY,
  'chunks of 1024 KiB: file.readable, copy': CHUNK,
};
