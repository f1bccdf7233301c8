import type { MmapFile } from '@fmmap/core';
import protobuf from 'protobufjs';

/**
 * The whole messages of a log, each after its length, as `encodeDelimited` (`writeDelimitedTo` in Java) writes them;
 * and where each ends, which is where to continue (`from`) when the log has grown.
 */
export function* messages<T extends object>(
  file: MmapFile,
  type: protobuf.Type,
  from = 0,
): Generator<{ message: protobuf.Message<T>; end: number }, void, undefined> {
  const reader = protobuf.Reader.create(file.bytes(from));
  while (isWhole(reader)) {
    const message = type.decodeDelimited(reader) as protobuf.Message<T>;
    yield { message, end: from + reader.pos };
  }
}

/** Whether the next message has been written to its end. */
function isWhole(reader: protobuf.Reader): boolean {
  const start = reader.pos;
  try {
    const length = reader.uint32();
    return length <= reader.len - reader.pos;
  } catch {
    return false; // not even its length
  } finally {
    reader.pos = start;
  }
}
