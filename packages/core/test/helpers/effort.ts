/** CI skips some slow variants; `npm test` and `.ci/run --long` run everything. */
export const isShort: boolean = process.env.FMMAP_SHORT !== undefined;

/** In a short run every `nth` of a list, from a random one on. */
export function someOf<T>(list: readonly T[], nth: number): readonly T[] {
  if (!isShort) return list;
  const first = Math.floor(Math.random() * nth);
  return list.filter((_, index) => index % nth === first);
}
