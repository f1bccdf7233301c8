/** The addon as it is. `@fmmap/core` gives it types (`src/binding.ts`). */
declare const binding: unknown;
export = binding;
