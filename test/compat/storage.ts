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

/** What of a database both packages have in common. */
interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
}

/** What comes back from a table, to which it went as a parameter. */
function stored(database: { prepare(sql: string): Statement }, view: Uint8Array): Uint8Array {
  database.prepare('create table t (data blob)').run();
  database.prepare('insert into t values (?)').run(view);
  return (database.prepare('select data from t').get() as { data: Uint8Array }).data;
}

/** Of Node's own, whose types are of Node 20. */
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
        const found: Buffer = Buffer.from(database.get('async'));
        await database.close();
        return await t.keeps(() => found);
      },
    },
    {
      name: '`lmdb`: `put` of an object with a view in it',
      run: async (t) => {
        const database = open({ path: `${t.path}.lmdb` });
        await database.put('key', { view: t.view });
        const { view } = database.get('key');
        await database.close();
        return await t.keeps(() => view);
      },
    },
    {
      name: '`better-sqlite3`: a blob',
      remark: 'version 13 is for Node 22 and later',
      exists: () => major >= 22,
      run: (t) => {
        const data = stored(new Database(':memory:'), t.view);
        return t.keeps(() => data);
      },
    },
    {
      name: '`node:sqlite`: a blob',
      exists: () => nodeSqlite() !== undefined,
      run: (t) => {
        const sqlite = nodeSqlite();
        const data = stored(new (sqlite?.DatabaseSync ?? Database)(':memory:'), t.view);
        return t.keeps(() => data);
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
