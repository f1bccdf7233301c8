import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Place } from './at.js';
import { contentOf } from './content.js';
import { inTime } from './deadline.js';
import { effectOf } from './effects.js';
import { type FileClass, fileClassOf, type Handle, SPREAD, toClass } from './handles.js';
import type { Helper, Stranger } from './helpers.js';
import type { Facts } from './judge.js';
import type { Class, Member } from './members.js';
import { HereParty, type Party, WorkerParty } from './party.js';
import { PENDINGS, type Pending } from './pendings.js';
import { type Cell, isSync } from './plan.js';
import { Random } from './random.js';
import { hasWorker, isWindows, OTHERS, type Others, type Role } from './surroundings.js';

/** What the cells of a process share. */
export interface World {
  readonly classes: ReadonlyMap<string, Class>;
  readonly stranger: Stranger;
  /** On a disk, and in memory, where the system never shows zeroes for a missing page. */
  readonly directories: { readonly disk: string; readonly memory: string };
  /** The worker, started if there is none. */
  worker(): Promise<Helper>;
  /** Terminates it, whatever it is doing. */
  terminate(): Promise<void>;
}

const PAGE = 4096;
const LENGTHS = [5 * PAGE, 5 * PAGE + 1000, 5 * PAGE + 1000, 20 * PAGE + 7, 2 ** 21];

/** A worker that is going to be terminated keeps calling until then. */
const ENDLESS = 10_000;
const CALLS = 6;

const MUT = 'AsyncMmapFileMut';
const isMut = (type: string): boolean => type.endsWith('Mut');

/** A file, and everyone who has it open. */
export class Scene {
  readonly cell: Cell;
  readonly world: World;
  readonly random: Random;
  readonly path: string;
  /** For checking the file, whatever becomes of its name. */
  readonly file: number;
  readonly length: number;
  readonly cut: number | undefined;
  readonly handles: Handle[] = [];
  helper: Helper | undefined;
  readonly #pending: Pending;
  readonly #others: Others;
  readonly #directory: string;
  readonly #asked: Member;
  readonly #called: Member;
  readonly #isForeign: boolean;
  readonly #ownerClass: string;

  constructor(cell: Cell, world: World) {
    const { type, member, pending, others, event } = cell;
    const random = new Random(cell.seed);
    this.cell = cell;
    this.world = world;
    this.random = random;
    this.#pending = PENDINGS[pending] as Pending;
    this.#others = OTHERS[others] as Others;

    const fileClass = fileClassOf(type);
    const isOwnerSync = this.#others.pending.handle !== 'owner' && isSync(type);
    const isOwnerMut = this.#pending.isOfMut || isMut(fileClass);
    this.#ownerClass = `${isOwnerSync ? '' : 'Async'}MmapFile${isOwnerMut ? 'Mut' : ''}`;
    this.#called = { type, name: member };
    this.#asked = { type: isOwnerMut ? MUT : 'AsyncMmapFile', name: this.#pending.member };
    this.#isForeign = this.#others.subject.handle === 'foreign' && this.#ownerClass !== fileClass;

    this.length = random.pick(LENGTHS);
    this.cut = event === 'cut' ? PAGE * (1 + random.below(4)) : undefined;
    const isOnDisk = !this.#isForeign && this.cut === undefined && random.once(2);
    this.#directory = world.directories[isOnDisk ? 'disk' : 'memory'];
    this.path = join(this.#directory, `${process.pid}-${cell.index}`);
    fs.writeFileSync(this.path, contentOf(cell.index).subarray(0, this.length));
    this.file = fs.openSync(this.path, 'r');
  }

  /** Sets up the pending operation and the call. */
  async setUp(): Promise<{ asked: Party; called: Party }> {
    const { world, random, path } = this;
    const { pending, subject, beside } = this.#others;
    if (hasWorker(this.#others)) this.helper = await inTime(world.worker(), 'the worker');
    const owner = await inTime(this.#class(this.#ownerClass).open(path), 'open');
    this.handles.push(owner);
    const isHeldUp = this.#pending.isHeldUp === true;
    if (this.#isForeign || isHeldUp || random.once(2)) await owner.unlock();

    const shrinks = this.#pending.shrinks ?? random.once(2);
    const called = await this.#party(this.#called, subject, this.#place(random.once(2)));
    const asked = await this.#party(this.#asked, pending, this.#place(shrinks));
    if (beside === 'worker') await this.#attachInWorker(`MmapFile`, undefined, undefined);
    else if (beside) this.#attach(beside === 'sync' ? 'MmapFile' : 'AsyncMmapFile');
    if (this.cut !== undefined) await inTime(world.stranger.ask('open', path), 'another process');
    if (isHeldUp) await inTime(world.stranger.ask('lock', path), 'a lock');
    return { asked, called };
  }

  async #party(member: Member, { handle, thread }: Role, place: Place): Promise<Party> {
    const { classes } = this.world;
    const type = fileClassOf(member.type);
    if (thread === 'worker') {
      const helper = await this.#attachInWorker(type, member, place);
      const count = this.cell.event === 'terminated' ? ENDLESS : CALLS;
      return new WorkerParty(member, place, helper, member === this.#asked ? 1 : count);
    }
    const owner = this.handles[0] as Handle;
    if (this.#isForeign && handle === 'foreign') {
      const file = await inTime(this.#class(type).open(this.path), 'open');
      this.handles.push(file);
      await file.unlock();
      return new HereParty(member, place, file, classes);
    }
    const isOwner = handle !== 'attached' && type === this.#ownerClass;
    return new HereParty(member, place, isOwner ? owner : this.#attach(type), classes);
  }

  #attach(type: string): Handle {
    const handle = this.#class(type).attach((this.handles[0] as Handle).share());
    this.handles.push(handle);
    return handle;
  }

  async #attachInWorker(
    type: string,
    member: Member | undefined,
    place: Place | undefined,
  ): Promise<Helper> {
    const token = (this.handles[0] as Handle).share();
    const { helper } = this;
    if (!helper) throw new Error('there is no worker');
    await inTime(helper.tell({ order: 'attach', type, token, member, place }), 'attach');
    return helper;
  }

  #class(name: string): FileClass {
    return toClass(this.world.classes, name);
  }

  #place(shrinks: boolean): Place {
    const { random, length, path } = this;
    const least = PAGE;
    let size = shrinks ? least + random.below(length - least) : length + 1 + random.below(2 ** 16);
    const isOpening = [this.#asked, this.#called].some(({ name }) => effectOf(name).opens);
    // What others cut off in the middle of a page reads as zeroes, without a fault.
    if (this.#isForeign || isOpening || this.cut !== undefined)
      size = Math.ceil(size / PAGE) * PAGE;
    const end = Math.min(length, size) - SPREAD;
    const around = [0, end, Math.max(end - SPREAD / 2, 0), length - SPREAD, random.below(length)];
    const offset = Math.max(0, Math.min(random.pick(around), length - SPREAD));
    return {
      offset,
      length: 1 + random.below(40),
      size,
      path,
      directory: this.#directory,
      file: this.cell.index,
    };
  }

  facts(asked: Party, called: Party): Facts {
    const { length, cut, cell } = this;
    const lost = [asked, called].find((party) => party instanceof WorkerParty);
    const parties = [asked, called].map(({ member, place }) => ({
      effect: effectOf(member.name),
      place,
    }));
    return {
      length,
      cut,
      effects: parties.map(({ effect }) => effect),
      sizes: parties.filter(({ effect }) => effect.sizes).map(({ place }) => place.size),
      isForeign: this.#isForeign,
      isMappedTwice:
        this.#isForeign ||
        this.#pending.isHeldUp === true ||
        parties.some(({ effect }) => effect.opens),
      isClosed: cell.event === 'closed',
      unknown: cell.event === 'terminated' ? (lost?.place.offset ?? length) : undefined,
    };
  }

  end(): void {
    fs.closeSync(this.file);
    try {
      fs.rmSync(this.path, { force: true });
    } catch (error) {
      if (!isWindows) throw error; // views of it may not have been collected; the caller removes the directory
    }
  }
}
