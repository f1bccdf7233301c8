import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

import { nodeOf, OWN } from '../../../test/compat/nodes.ts';
import { tempPath } from './helpers/temp.ts';

const PROGRAM = fileURLToPath(new URL('programs/sqlite.mjs', import.meta.url));
const TIMEOUT = 300_000; // for fetching a Node

test(
  'a database has what better-sqlite3 wrote, and its changes stay in memory',
  () => {
    const node = nodeOf(OWN >= 22 ? OWN : 26); // better-sqlite3 is for Node 22 and later
    const { status, stdout, stderr } = spawnSync(node, [PROGRAM, tempPath('test.db')], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'item 7777\nchanged true\nok\n',
      stderr: '',
    });
  },
  TIMEOUT + 30_000,
);
