/** What a process of the matrix prints, one line each; cells are numbered as in its own list. */
export type Report =
  | { readonly started: number }
  | { readonly ended: number; readonly problems: readonly string[] }
  | { readonly finished: true };
