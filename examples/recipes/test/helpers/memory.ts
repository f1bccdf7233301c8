import * as fs from 'node:fs';

/** Bytes that V8 knows to be outside of its heap, after it has collected what it can. */
function outside(): number {
  if (!gc) throw new Error('run with --expose-gc');
  gc();
  gc();
  return process.memoryUsage().external;
}

/** What `make` returns, and by how much it has made the memory outside of the heap grow. */
export function heldOutside<Value>(make: () => Value): { value: Value; bytes: number } {
  const before = outside();
  const value = make();
  return { value, bytes: outside() - before };
}

/** Stores bytes into the file, as another program would, where the file has those of the array from `offset` on. */
export function change(
  path: string,
  array: NodeJS.ArrayBufferView,
  offset: number,
  bytes: NodeJS.ArrayBufferView,
): void {
  const all = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const at = fs.readFileSync(path).indexOf(all);
  if (at === -1) throw new Error('the file does not have these bytes');
  const descriptor = fs.openSync(path, 'r+');
  fs.writeSync(descriptor, bytes, 0, bytes.byteLength, at + offset);
  fs.closeSync(descriptor);
}
