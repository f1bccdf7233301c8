import { createRequire } from 'node:module';
import Database from 'better-sqlite3';
import { open } from 'lmdb';
import sharp from 'sharp';
import type { Group } from './row.js';
import { pattern } from './trial.js';

const WIDTH = 100;
const raw = { width: WIDTH, height: WIDTH, channels: 3 } as const;
const pixels = (): Uint8Array<ArrayBuffer> => pattern(WIDTH * WIDTH * raw.channels);

const major = Number(process.versions.node.split('.')[0]);

/** The common part of the database APIs. */
interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
}

/** Passes a view as a parameter of a statement, and queries what was stored. */
function stored(database: { prepare(sql: string): Statement }, view: Uint8Array) {
  database.prepare('create table t (data blob)').run();
  database.prepare('insert into t values (?)').run(view);
  const select = database.prepare('select data from t');
  return () => (select.get() as { data: Uint8Array }).data;
}

/** Part of Node, but newer than the types of Node 20. */
function nodeSqlite():
  | undefined
  | { DatabaseSync: new (path: string) => InstanceType<typeof Database> } {
  try {
    return createRequire(import.meta.url)('node:sqlite');
  } catch {
    return undefined;
  }
}

export const storage: Group = {
  title: 'Databases, images',
  packages: ['lmdb', 'better-sqlite3', 'sharp'],
  rows: [
    {
      name: '`lmdb`: `put`, `putSync`',
      run: async (t) => {
        const database = open({ path: `${t.path}.lmdb`, encoding: 'binary' });
        database.putSync('sync', t.view);
        t.same(database.get('sync'));
        await database.put('async', t.view);
        const outcome = await t.keeps(() => database.get('async'));
        await database.close();
        return outcome;
      },
    },
    {
      name: '`lmdb`: `put` of an object with a view in it',
      run: async (t) => {
        const database = open({ path: `${t.path}.lmdb` });
        await database.put('key', { view: t.view });
        const outcome = await t.keeps(() => database.get('key').view);
        await database.close();
        return outcome;
      },
    },
    {
      name: '`better-sqlite3`: a blob',
      remark:
        'version 13 is for Node 22 and later; version 12, which is compiled when it is installed, is not tested',
      exists: () => major >= 22,
      run: (t) => t.keeps(stored(new Database(':memory:'), t.view)),
    },
    {
      name: '`node:sqlite`: a blob',
      exists: () => nodeSqlite() !== undefined,
      run: (t) => {
        const sqlite = nodeSqlite();
        const select = stored(new (sqlite?.DatabaseSync ?? Database)(':memory:'), t.view);
        return t.keeps(select);
      },
    },
    {
      name: '`sharp(view)`, of a PNG file',
      content: () => sharp(pixels(), { raw }).png().toBuffer(),
      run: async (t) => t.same(await sharp(t.view).raw().toBuffer(), pixels()),
    },
    {
      name: '`sharp(view, { raw })`',
      content: pixels,
      run: async (t) => {
        const png = await sharp(t.view, { raw }).png().toBuffer();
        return t.same(await sharp(png).raw().toBuffer());
      },
    },
    {
      name: '`sharp(view.buffer, { raw })`',
      content: pixels,
      run: async (t) => {
        const png = await sharp(t.view.buffer, { raw }).png().toBuffer();
        return t.same(await sharp(png).raw().toBuffer());
      },
    },
  ],
};
