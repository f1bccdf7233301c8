import { formats } from './formats.js';
import { http } from './http.js';
import { node } from './node.js';
import type { Group } from './row.js';
import { storage } from './storage.js';
import { threads } from './threads.js';
import { web } from './web.js';

export const groups: readonly Group[] = [web, threads, node, http, storage, formats];
