import * as core from '@fmmap/core';
import type { SharedMapping } from '@fmmap/core/internal';
import type { Place } from './at.js';
import { contentOf } from './content.js';
import { type Class, classesOf, isStatic, type Member } from './members.js';
import { Notes } from './notes.js';
import { recipeFor } from './recipes.js';

/** As much of all file classes as is needed to set up a cell. */
export interface Handle {
  readonly length: number;
  readonly isClosed: boolean;
  copyBytes(): Buffer;
  share(): SharedMapping;
  reader(offset: number): object;
  writer(offset: number): object;
  unlock(): unknown;
  close(): unknown;
}

export interface FileClass {
  open(path: string): Handle | Promise<Handle>;
  attach(token: SharedMapping): Handle;
}

/** The classes of a flavour, and of core. */
export async function loadClasses(flavour: string): Promise<Map<string, Class>> {
  const exports: object = await import(`@fmmap/${flavour}`);
  return new Map([...classesOf(core), ...classesOf(exports)]);
}

/** The class of the file on which a member, or the reader or writer that has it, is called. */
export const fileClassOf = (type: string): string => type.replace(/(Mut)?(Reader|Writer)$/, 'Mut');

export function toClass(classes: ReadonlyMap<string, Class>, name: string): FileClass {
  const found = classes.get(name);
  if (!found) throw new Error(`there is no class ${name}`);
  return found as unknown as FileClass;
}

/** The object on which a member is called. */
export function targetOf(
  { type, name }: Member,
  classes: ReadonlyMap<string, Class>,
  handle: Handle,
  { offset }: Place,
): object {
  if (isStatic(name)) return toClass(classes, type);
  if (type.endsWith('Reader')) return handle.reader(offset);
  if (type.endsWith('Writer')) return handle.writer(offset);
  return handle;
}

/** The distance between the places of calls of one member, and the number of places. */
const STRIDE = 64;
const PLACES = 8;

/** The size of all places together. */
export const SPREAD = STRIDE * PLACES;

let calls = 0;

/** The calls of one member on one target. */
export class Calls {
  readonly notes: Notes;
  readonly #member: Member;
  readonly #target: object;
  readonly #handle: Handle;
  readonly #place: Place;
  readonly #pending: Promise<void>[] = [];

  constructor(member: Member, target: object, handle: Handle, place: Place) {
    this.#member = member;
    this.#target = target;
    this.#handle = handle;
    this.#place = place;
    this.notes = new Notes(contentOf(place.file));
  }

  /** Starts a call now. */
  start(): void {
    this.#pending.push(this.#call(this.#pending.length));
  }

  /** Waits until all started calls have finished. */
  async ended(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #call(index: number): Promise<void> {
    const { notes } = this;
    const offset = this.#place.offset + (index % PLACES) * STRIDE;
    const share = () => this.#handle.share();
    try {
      const recipe = recipeFor(this.#member);
      if (!recipe) throw new Error(`there is no recipe for ${this.#member.name}`);
      await recipe(this.#target as never, {
        ...this.#place,
        offset,
        notes,
        share,
        call: calls++,
      });
    } catch (error) {
      notes.threw(error);
    }
  }
}

/** Closes a handle. It may tell that bytes of a buffered writer are lost, in a file that was cut, and is closed all the same. */
export async function closing(handle: Handle): Promise<void> {
  try {
    await handle.close();
  } catch (error) {
    if (!handle.isClosed) throw error;
  }
}
