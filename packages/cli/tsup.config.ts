import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

// A program, not a module: what it uses of JavaScript nobody replaces.
export default defineConfig({ ...base, entry: ['src/cli.ts'], format: 'esm', banner: {} });
