// Loads a database that better-sqlite3 has written, and changes it in memory: `node sqlite.mjs PATH`.
import * as fs from 'node:fs';
import { loadDatabase } from '@fmmap/recipes/better-sqlite3';
import Database from 'better-sqlite3';

const [, , path] = process.argv;
const own = new Database(path);
own.exec('create table t (n integer primary key, name text)');
const insert = own.prepare('insert into t values (?, ?)');
own.transaction(() => {
  for (let n = 0; n < 10_000; ++n) insert.run(n, `item ${n}`);
})();
own.close();
const before = fs.readFileSync(path);

const database = loadDatabase(path);
const name = database.prepare('select name from t where n = ?').pluck();
console.log(name.get(7777));
database.exec("update t set name = 'changed'");
console.log(name.get(7777), fs.readFileSync(path).equals(before));
fs.rmSync(path);
console.log(database.pragma('integrity_check', { simple: true }));
database.close();
