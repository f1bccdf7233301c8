import type { Place } from './at.js';
import { inTime } from './deadline.js';
import { Calls, type Handle, targetOf } from './handles.js';
import type { Helper } from './helpers.js';
import type { Class, Member } from './members.js';
import type { Note, Written } from './notes.js';

/** Calls a member of a handle, in this thread or in the worker. */
export interface Party {
  readonly member: Member;
  readonly place: Place;
  /** Makes a call, now or as soon as the other thread is told. */
  start(): void;
  ended(): Promise<void>;
  readonly notes: readonly Note[];
  readonly written: readonly Written[];
  /** Handles that the calls have made in this thread. */
  readonly kept: readonly Handle[];
}

export class HereParty implements Party {
  readonly member: Member;
  readonly place: Place;
  readonly #calls: Calls;

  constructor(member: Member, place: Place, handle: Handle, classes: ReadonlyMap<string, Class>) {
    this.member = member;
    this.place = place;
    this.#calls = new Calls(member, targetOf(member, classes, handle, place), handle, place);
  }

  start(): void {
    this.#calls.start();
  }

  async ended(): Promise<void> {
    await inTime(this.#calls.ended(), `${this.member.type} ${this.member.name}`);
  }

  get notes(): readonly Note[] {
    return this.#calls.notes.list;
  }

  get written(): readonly Written[] {
    return this.#calls.notes.written;
  }

  get kept(): readonly Handle[] {
    return this.#calls.notes.kept as Handle[];
  }
}

/** Calls in the worker, which makes all its calls when it is first told to. */
export class WorkerParty implements Party {
  readonly member: Member;
  readonly place: Place;
  readonly kept: readonly Handle[] = [];
  notes: readonly Note[] = [];
  written: readonly Written[] = [];
  readonly #helper: Helper;
  readonly #count: number;
  #ended: Promise<void> | undefined;

  constructor(member: Member, place: Place, helper: Helper, count: number) {
    this.member = member;
    this.place = place;
    this.#helper = helper;
    this.#count = count;
  }

  start(): void {
    this.#ended ??= this.#call();
  }

  async ended(): Promise<void> {
    await inTime(this.#ended, `${this.member.type} ${this.member.name} in the worker`);
  }

  async #call(): Promise<void> {
    const { notes, written } = await this.#helper.tell({ order: 'call', count: this.#count });
    this.notes = notes;
    this.written = written;
  }
}
