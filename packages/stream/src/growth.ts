// Files that grow while streams write to them: room is made in large steps and cut off at the end.
import {
  Access,
  binding,
  type Mapping,
  MmapClosedError,
  MmapError,
  MmapUnsupportedError,
  makeCall,
  operations,
  poolRuntime,
  process,
  runAsync,
} from '@fmmap/core/internal';

/**
 * A file grows by its own length, within these limits in bytes. A process that is killed leaves that many zeroes at the
 * end of its file.
 */
const GROWTH = { least: 2 ** 16, most: 2 ** 24 };

/** The growth of each mapping that streams make longer. */
const growths = new WeakMap<Mapping, Growth>();

/** The ids of those mappings. */
const growing = new Set<Mapping['id']>();

/** Cuts off the room when the process exits, because that does not end its streams. */
function cutAll(): void {
  for (const id of growing) binding.cutRoom(id, true);
}

function grows(id: Mapping['id'], isSo: boolean): void {
  if (isSo) growing.add(id);
  else growing.delete(id);
  process.off('exit', cutAll);
  if (growing.size > 0) process.on('exit', cutAll);
}

/** The room that streams have made at the end of a file; the last stream to leave removes it. */
export class Growth {
  readonly #mapping: Mapping;
  readonly #id: Mapping['id'];
  #streams = 0;
  /** The end of the bytes in use; those after it are room. */
  #end: number;
  /** The length of the mapping as long as no one else changes it. */
  #length: number;

  private constructor(mapping: Mapping) {
    this.#mapping = mapping;
    this.#id = mapping.id;
    this.#end = mapping.length;
    this.#length = mapping.length;
  }

  /** @throws MmapUnsupportedError for a mapping whose file never changes */
  static join(mapping: Mapping): Growth {
    if (mapping.isCow) {
      throw new MmapUnsupportedError(
        `'${mapping.path}' is a copy-on-write mapping, whose file never grows; leave out "grow"`,
        { path: mapping.path },
      );
    }
    const growth = growths.get(mapping) ?? new Growth(mapping);
    growths.set(mapping, growth);
    grows(growth.#id, true);
    ++growth.#streams;
    return growth;
  }

  /** Notes that a stream has written up to `end`. */
  wrote(end: number): void {
    this.#end = Math.max(this.#end, end);
    this.#note();
  }

  /** Tells the binding what is only room: it cuts that off when the file is closed or dropped, or its thread ends. */
  #note(): void {
    binding.noteRoom(this.#id, this.#end, this.#length);
  }

  /** Makes the mapping long enough for `needed` bytes. */
  reserve(needed: number, signal: AbortSignal): Promise<void> {
    const mapping = this.#mapping;
    return mapping.queue.change(async () => {
      mapping.requireUsable();
      if (mapping.access !== Access.write) throw new MmapClosedError(mapping.path); // frozen
      const { length } = mapping;
      if (needed <= length) return;
      await this.#requireWhole(signal);
      if (length !== this.#length) this.#end = Math.max(this.#end, length);
      const step = Math.min(Math.max(length, GROWTH.least), GROWTH.most);
      const wanted = Math.max(needed, length + step);
      try {
        await this.#resize(wanted, true, signal);
      } catch (error) {
        // There may be room for what is needed, but not for more.
        if (mapping.isPoisoned || needed === wanted || !(error instanceof MmapError)) throw error;
        await this.#resize(needed, true, signal);
      }
      this.#length = mapping.length;
      this.#note();
    }, signal);
  }

  /** Ends one stream's use; the last one leaves no more than was written. */
  leave(): Promise<void> {
    const mapping = this.#mapping;
    return mapping.queue.change(async () => {
      if (--this.#streams > 0) return;
      growths.delete(mapping);
      grows(this.#id, false);
      if (mapping.isClosed || mapping.access !== Access.write) return;
      if (mapping.isFaulted || mapping.isPoisoned) {
        await runAsync(poolRuntime, makeCall('cutRoom', this.#id, false));
        return;
      }
      // If someone else has changed the length, it stays as it is.
      if (mapping.length === this.#length && this.#end < mapping.length)
        await this.#resize(this.#end, false);
      binding.noteRoom(this.#id, 0, 0);
    });
  }

  async #resize(length: number, isRoom: boolean, signal?: AbortSignal): Promise<void> {
    const size = this.#mapping.offset + length;
    await runAsync(poolRuntime, this.#mapping.resize(size, isRoom), signal);
  }

  /** Growing must not cut off what follows a mapping of a part of a file. */
  async #requireWhole(signal: AbortSignal): Promise<void> {
    const { offset, length, path } = this.#mapping;
    const { size } = await runAsync(poolRuntime, operations.stat(this.#mapping, false), signal);
    if (size <= offset + length) return;
    throw new MmapUnsupportedError(
      `'${path}' continues after the mapping, and would be cut off there; map it to its end to "grow" it`,
      { path, argument: 'grow' },
    );
  }
}
