import { defineConfig } from 'tsup';
import { moduleFor } from '../../tsup.base.ts';

export default defineConfig(moduleFor('@fmmap/node', 'index'));
