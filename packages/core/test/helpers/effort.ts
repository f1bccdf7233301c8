/** Some slow variants run only in long runs: `.ci/run --long`, or `FMMAP_LONG=1 npm test`. */
export const isLong: boolean = process.env.FMMAP_LONG !== undefined;

/** A number of repetitions: those of a long run, or fewer. */
export const effort = (long: number, short: number): number => (isLong ? long : short);

/** Every `nth` of a list, from a random one on; in a long run, all. */
export function someOf<T>(list: readonly T[], nth: number): readonly T[] {
  if (isLong) return list;
  const first = Math.floor(Math.random() * nth);
  return list.filter((_, index) => index % nth === first);
}
