import { fileURLToPath } from 'node:url';

/** The root of the repository, as seen from `codegen/src/` and from `codegen/dist/` alike. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
