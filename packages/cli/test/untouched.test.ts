import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { MmapFileMut } from '@fmmap/core';
import { describe, expect, test } from 'vitest';
import { pattern, snapshot } from '../../core/test/helpers/temp.js';
import { fileOnDisk } from './helpers/files.js';
import { fmmap, objects, start } from './helpers/run.js';

/** Every command, with what else it needs. */
const COMMANDS: readonly (readonly string[])[] = [
  ['stat'],
  ['residency'],
  ['residency', '--json'],
  ['prefetch'],
  ['evict'],
  ['lock'],
  ['hexdump'],
  ['hexdump', '--type', 'u32le'],
  ['search', '--hex', '001f'],
  ['bench'],
];

test('they are all of them', async () => {
  const { stdout } = await fmmap(['--help']);
  const names = [...stdout.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name);
  expect(names).toEqual([...new Set(COMMANDS.map(([name]) => name))]);
});

describe.each(COMMANDS)('%s %s %s', (...command) => {
  const args = command.filter((each) => typeof each === 'string');

  test('changes nothing of a file, even read-only and with others beside it', async () => {
    const path = fileOnDisk(pattern(100_000));
    fs.chmodSync(path, 0o444);
    const before = snapshot(path);
    expect(await fmmap([...args, path])).toMatchObject({ signal: null, stderr: '' });
    expect(snapshot(path)).toEqual(before);
    expect(fs.readdirSync(dirname(path))).toEqual(['file.bin']);
  });

  test('works while others hold locks, which they keep, and takes none', async () => {
    const path = fileOnDisk(pattern(100_000));
    const holder = start([
      'flock',
      '--exclusive',
      path,
      'sh',
      '-c',
      'echo held; read -r _; echo kept',
    ]);
    await holder.until(/held/);
    const ran = await fmmap([...args, path]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const [found] = await objects('lock', '--json', path);
    expect(found?.locks).toMatchObject([{ pid: holder.pid, kind: 'flock', mode: 'exclusive' }]);
    holder.type('\n');
    expect(await holder.done).toMatchObject({ code: 0, stdout: 'held\nkept\n' });
    // A map that is written to is none of their business, either.
    using file = MmapFileMut.openExisting(path);
    expect(await fmmap([...args, path])).toMatchObject({ signal: null, stderr: '' });
    expect(file.lockState).toBe('exclusive');
  });
});
