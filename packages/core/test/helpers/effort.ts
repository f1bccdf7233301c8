/** CI leaves out some of what differs little: all of it is done by `npm test`, and by `.ci/run --long`. */
export const isShort: boolean = process.env.FMMAP_SHORT !== undefined;

/** In a short run every `nth` of a list, from a random one on. */
export function someOf<T>(list: readonly T[], nth: number): readonly T[] {
  if (!isShort) return list;
  const first = Math.floor(Math.random() * nth);
  return list.filter((_, index) => index % nth === first);
}
