/** What a process of the matrix says, a line each; cells are counted in its own list. */
export type Report =
  | { readonly started: number }
  | { readonly ended: number; readonly problems: readonly string[] }
  | { readonly finished: true };
