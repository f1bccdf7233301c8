/** The untyped addon. `@fmmap/core` types it (`src/binding/binding.ts`). */
declare const binding: unknown;
export = binding;
