import { fileURLToPath } from 'node:url';

/** The package that this suite was made for, as another process loads it: a copy of it only is. */
export const PACKAGE: string = fileURLToPath(new URL('../../dist/index.cjs', import.meta.url));
