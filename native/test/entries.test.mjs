// What removes and replaces files on Windows, without the package, which older releases (and Wine 8) cannot load: those
// delete files in another way than newer ones do. `npm run test:windows` builds the addon and runs this.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const entries = createRequire(import.meta.url)('./entries.node');
const { errno } = constants;
const wine = process.env.FMMAP_WINE;
/** UV_FS_O_EXLOCK: shares the file with nobody. */
const ALONE = 0x10000000;

let root;
before(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
});
after(() => fs.rmSync(root, { recursive: true }));

/** Writes files into a new directory. @returns A function that makes a path of a name in it. */
function filesIn(files) {
  const directory = fs.mkdtempSync(join(root, 'x'));
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(join(directory, name), content);
  }
  return (name) => join(directory, name);
}

const isReadOnly = (path) => (fs.statSync(path).mode & 0o200) === 0;

test('the package loads, or says what Windows lacks', () => {
  const load = () => createRequire(import.meta.url)('../../packages/core');
  if (wine !== '8') return void load();
  assert.throws(load, {
    name: 'MmapUnsupportedError',
    message: /requires Windows 10 version 1803/,
  });
});

describe('removeEntry', () => {
  test('removes the file that has the identity, and no other', () => {
    const at = filesIn({ one: '1', two: '2' });
    const identity = entries.identityOf(at('one'));
    assert.equal(entries.removeEntry(at('two'), ...identity), 'replaced');
    assert.equal(entries.removeEntry(at('none'), ...identity), 'missing');
    assert.equal(fs.readFileSync(at('two'), 'utf8'), '2');
    assert.equal(entries.removeEntry(at('one'), ...identity), undefined);
    assert.equal(fs.existsSync(at('one')), false);
    assert.equal(entries.removeEntry(at('one'), ...identity), 'missing');
  });

  test('removes a read-only file', () => {
    const at = filesIn({ one: '1' });
    const identity = entries.identityOf(at('one'));
    fs.chmodSync(at('one'), 0o444);
    assert.equal(entries.removeEntry(at('one'), ...identity), undefined);
    assert.equal(fs.existsSync(at('one')), false);
  });

  test('removes a file that is open elsewhere, once it is closed at the latest', () => {
    const at = filesIn({ one: '1' });
    const identity = entries.identityOf(at('one'));
    const file = fs.openSync(at('one'), 'r'); // which shares the right to delete
    assert.equal(entries.removeEntry(at('one'), ...identity), undefined);
    assert.equal(fs.readFileSync(file, 'utf8'), '1');
    fs.closeSync(file);
    assert.equal(fs.existsSync(at('one')), false);
  });

  for (const mode of [0o644, 0o444]) {
    test(`leaves a file with mode ${mode.toString(8)} alone that is open without sharing`, () => {
      const at = filesIn({ one: '1' });
      const identity = entries.identityOf(at('one'));
      const file = fs.openSync(at('one'), fs.constants.O_RDWR | ALONE);
      fs.fchmodSync(file, mode);
      assert.equal(entries.removeEntry(at('one'), ...identity), errno.EBUSY);
      fs.closeSync(file);
      assert.equal(isReadOnly(at('one')), mode === 0o444);
      assert.equal(fs.readFileSync(at('one'), 'utf8'), '1');
    });
  }

  test('leaves a directory alone', () => {
    const at = filesIn({ one: '1' });
    const identity = entries.identityOf(at('one'));
    fs.mkdirSync(at('sub'));
    assert.equal(entries.removeEntry(at('sub'), ...identity), 'replaced');
    assert.equal(fs.existsSync(at('sub')), true);
  });

  test('leaves a junction alone', (t) => {
    if (wine) return t.skip('Wine makes no junctions');
    const at = filesIn({ one: '1' });
    const identity = entries.identityOf(at('one'));
    fs.mkdirSync(at('sub'));
    fs.symlinkSync(at('sub'), at('link'), 'junction');
    assert.equal(entries.removeEntry(at('link'), ...identity), 'symlink');
    assert.equal(fs.lstatSync(at('link')).isSymbolicLink(), true);
  });

  test('finds the file by the new name of its directory', () => {
    const at = filesIn({});
    fs.mkdirSync(at('before'));
    fs.writeFileSync(join(at('before'), 'one'), '1');
    const identity = entries.identityOf(join(at('before'), 'one'));
    fs.renameSync(at('before'), at('after'));
    assert.equal(entries.removeEntry(join(at('after'), 'one'), ...identity), undefined);
    assert.deepEqual(fs.readdirSync(at('after')), []);
  });
});

describe('replaceEntry', () => {
  for (const mode of [0o644, 0o444]) {
    test(`puts one file in the place of another, which has mode ${mode.toString(8)}`, () => {
      const at = filesIn({ new: 'new', old: 'old' });
      const identity = entries.identityOf(at('new'));
      fs.chmodSync(at('old'), mode);
      assert.equal(entries.replaceEntry('new', at('old')), undefined);
      assert.equal(fs.readFileSync(at('old'), 'utf8'), 'new');
      assert.deepEqual(entries.identityOf(at('old')), identity);
      assert.equal(fs.existsSync(at('new')), false);
    });
  }

  test('leaves a read-only file alone that is open without sharing', () => {
    const at = filesIn({ new: 'new', old: 'old' });
    const file = fs.openSync(at('old'), fs.constants.O_RDWR | ALONE);
    fs.fchmodSync(file, 0o444);
    assert.notEqual(entries.replaceEntry('new', at('old')), undefined);
    fs.closeSync(file);
    assert.equal(isReadOnly(at('old')), true);
    assert.equal(fs.readFileSync(at('old'), 'utf8'), 'old');
  });

  test('gives a name that nothing has', () => {
    const at = filesIn({ new: 'new' });
    assert.equal(entries.replaceEntry('new', at('other')), undefined);
    assert.equal(fs.readFileSync(at('other'), 'utf8'), 'new');
  });

  test('fails if there is nothing to be renamed', () => {
    const at = filesIn({ old: 'old' });
    assert.equal(entries.replaceEntry('new', at('old')), errno.ENOENT);
    assert.equal(fs.readFileSync(at('old'), 'utf8'), 'old');
  });
});
