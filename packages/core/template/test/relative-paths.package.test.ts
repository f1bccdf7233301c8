// A relative path means what it meant at the call, and the working directory is the process's own.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  DIRECTORIES,
  expectAsFs,
  GONE,
  situations,
  USE,
  USED,
} from '../../test/helpers/relative-paths.js';
import { tempDir } from '../../test/helpers/temp.js';
import { hearPackage } from './children.js';

const CLASSES = 'const [File, FileMut] = [AsyncMmapFile, AsyncMmapFileMut];';

describe('a relative path is opened as it is', () => {
  test.each(Object.entries(situations))('in %s', async (_name, situation) => {
    const { options, enter } = situation();
    expect(await hearPackage(`${CLASSES} ${enter} ${USE}`, options)).toEqual(USED);
  });

  test('in one that is gone it is an error of the same kind as of fs', async () => {
    const cwd = tempDir();
    expectAsFs(await hearPackage(`${CLASSES} ${GONE}`, { cwd }));
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});

/** Each takes the name \`name\`, and leaves a sign of the directory that it meant. */
const calls: Readonly<Record<string, string>> = {
  'AsyncMmapFile.open': `const file = await there(() => AsyncMmapFile.open('name'));
    say(file.copyBytes().toString());`,
  'AsyncMmapFile.openExec': `const file = await there(() => AsyncMmapFile.openExec('name'));
    say(file.copyBytes().toString());`,
  'AsyncMmapFileMut.openCow': `const file = await there(() => AsyncMmapFileMut.openCow('name'));
    say(file.copyBytes().toString());`,
  'AsyncMmapFileMut.open': `const file = await there(() => AsyncMmapFileMut.open('name'));
    say(file.copyBytes().toString());`,
  'AsyncMmapFileMut.openExisting': `const file = await there(() => AsyncMmapFileMut.openExisting('name'));
    say(file.copyBytes().toString());
    await file.remove();
    if (fs.existsSync(args[0] + '/name') || !fs.existsSync(args[1] + '/name')) say('removed another');
    fs.writeFileSync(args[0] + '/name', 'here');`,
  'AsyncMmapFileMut.create': `const file = await there(() => AsyncMmapFileMut.create('new'));
    say(fs.existsSync(args[0] + '/new') && !fs.existsSync(args[1] + '/new') ? 'here' : 'there');
    await file.remove();`,
  writeToNewFile: `const file = AsyncMmapFileMut.memory('memory', 'abc');
    void file.truncate(4); // for which it has to wait
    await there(() => file.writeToNewFile('new'));
    say(fs.existsSync(args[0] + '/new') && !fs.existsSync(args[1] + '/new') ? 'here' : 'there');
    fs.rmSync(args[0] + '/new');`,
  'writeToNewFile that replaces': `const file = AsyncMmapFileMut.memory('memory', 'abc');
    void file.truncate(4); // for which it has to wait
    fs.writeFileSync(args[0] + '/new', '');
    await there(() => file.writeToNewFile('new', { replace: true }));
    say(fs.statSync(args[0] + '/new').size === 4 && !fs.existsSync(args[1] + '/new') ? 'here' : 'there');
    fs.rmSync(args[0] + '/new');`,
  syncDirectory: `const file = AsyncMmapFileMut.memory('memory', 'abc');
    fs.mkdirSync(args[0] + '/below', { recursive: true });
    say(await there(() => fmmap.syncDirectory('below').then(() => 'here', (error) => error.code)));`,
  syncParentDirectory: `const file = AsyncMmapFileMut.memory('memory', 'abc');
    fs.mkdirSync(args[0] + '/below', { recursive: true });
    say(await there(() => fmmap.syncParentDirectory('below/none').then(() => 'here', (error) => error.code)));`,
};

test.each(Object.entries(calls))('%s takes the directory of the call', async (_name, call) => {
  const directories = [tempDir(), tempDir()];
  for (const [index, directory] of directories.entries()) {
    fs.writeFileSync(join(directory, 'name'), ['here', 'there'][index] ?? '');
  }
  const said = await hearPackage(
    `const there = (call) => {
       process.chdir(args[0]);
       const promise = call();
       process.chdir(args[1]);
       return promise;
     };
     ${DIRECTORIES}
     const before = directories();
     for (let count = 0; count < 30; ++count) {
       ${call}
       await file.close();
     }
     say(directories() - before);`,
    { args: directories },
  );
  expect(said).toEqual([...Array(30).fill('here'), 0]);
});

test('a rejected open lets go of the directory', async () => {
  const said = await hearPackage(
    `${DIRECTORIES}
     const before = directories();
     const aborted = { signal: AbortSignal.abort() };
     for (const [path, options] of [['none'], ['none', { offset: -1 }], ['none', aborted], ['a\\0'], ['']]) {
       await AsyncMmapFile.open(path, options).catch(() => {});
       await AsyncMmapFile.memory('name', 'abc').writeToNewFile('none/' + path, options ? -1 : 0).catch(() => {});
       await fmmap.syncDirectory(path, options).catch(() => {});
       await fmmap.syncParentDirectory(path, options).catch(() => {});
     }
     say(directories() - before);`,
    { cwd: tempDir() },
  );
  expect(said).toEqual([0]);
});
