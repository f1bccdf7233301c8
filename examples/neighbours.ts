/** A vector of the file, by its number, and how far away it is. */
export interface Neighbour {
  readonly row: number;
  readonly distance: number;
}

/** The nearest of all that were added. */
export class Neighbours {
  readonly #count: number;
  /** Nearest first. */
  readonly list: Neighbour[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** The square of the distance from which on nothing is of interest any more. */
  get limit(): number {
    const last = this.list[this.#count - 1];
    return last ? last.distance ** 2 : Number.POSITIVE_INFINITY;
  }

  add(one: Neighbour): void {
    const place = this.list.findIndex(({ distance }) => distance > one.distance);
    this.list.splice(place < 0 ? this.list.length : place, 0, one);
    this.list.length = Math.min(this.list.length, this.#count);
  }
}
