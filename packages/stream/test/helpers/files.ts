import type { ReadableStream } from 'node:stream/web';
import { expect, onTestFinished } from 'vitest';
import { tempFile } from '../../../core/test/helpers/temp.js';
import { AsyncMmapFileMut, MmapRangeError } from '../../src/index.js';

/** A writable mapping of a new file, closed when the test has ended. */
export async function opened(content: Uint8Array | string): Promise<AsyncMmapFileMut> {
  const file = await AsyncMmapFileMut.open(tempFile(content));
  onTestFinished(() => file.close());
  return file;
}

/** The chunks of a stream. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** Expects an error about an argument that names it, in a property and to the reader. */
export function expectArgumentError(call: () => unknown, argument: string): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown instanceof TypeError || thrown instanceof MmapRangeError, String(thrown)).toBe(
    true,
  );
  expect(thrown).toMatchObject({
    argument,
    code: expect.stringMatching(/^ERR_(INVALID_ARG_|OUT_OF_RANGE)/),
    message: expect.stringContaining(`"${argument}"`),
  });
}
