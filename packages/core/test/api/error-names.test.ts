import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createError, systemError } from '../../src/errors.js';
import { mountOver } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import {
  isWindows,
  whereCallsAreTraced,
  whereLimits,
  wherePermissions,
  whereSpecialFiles,
} from '../helpers/platform.js';
import { preloading } from '../helpers/preload.js';
import { hearProgram, type ProgramOptions } from '../helpers/program.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** All errors of this system, by their names, as its C compiler knows them. */
function systemErrors(): [name: string, code: number][] {
  const source = '#include <errno.h>\n';
  const listed = execFileSync('cc', ['-E', '-dM', '-'], { input: source, encoding: 'utf8' });
  return [...listed.matchAll(/^#define (E\w+) (\d+)$/gm)]
    .map(([, name = '', code]): [string, number] => [name, Number(code)])
    .filter(([name]) => name !== 'EINTR'); // which is retried
}

whereCallsAreTraced.test('every error of the system has its name and a text', async () => {
  const errors = systemErrors();
  expect(errors.length).toBeGreaterThan(120);
  const said = (await hearProgram('api/error-names#names', {
    args: [tempFile(), ...errors.map(([, code]) => String(code))],
    through: preloading('failing.c', {}),
  })) as { code: string; errno: number; message: string }[];
  expect(said).toHaveLength(errors.length);
  for (const [index, [name, code]] of errors.entries()) {
    const found = said[index];
    expect([name, found?.errno]).toEqual([name, -code]);
    const names = errors.filter(([, other]) => other === code).map(([other]) => other);
    if (names.includes('EOPNOTSUPP')) names.push('ENOTSUP'); // which is an alias
    expect(names).toContain(found?.code);
    expect(found?.message).not.toMatch(/unknown error/i);
    expect(found?.message).toMatch(new RegExp(`^${found?.code}: [^,]+.*, ftruncate '`));
  }
});

whereCallsAreTraced.test.each([
  ['EDQUOT', 122],
  ['ESTALE', 116],
  ['ENOMEDIUM', 123],
  ['EUCLEAN', 117],
  ['EHWPOISON', 133],
])('%s is reported with its name, number and text', (name, code) => {
  const error = createError(
    1,
    'fsync',
    code,
    '',
    '',
    0,
    '/file',
    undefined,
    name,
    'What the system says',
  );
  expect(error).toMatchObject({ code: name, errno: -code, syscall: 'fsync' });
  expect(error.message).toBe(`${name}: What the system says, fsync '/file'`);
});

test('an unknown error is reported by its number', () => {
  expect(systemError(4000, 'open', '/file').message).toBe("E4000: unknown error, open '/file'");
});

describe('the message gives the cause and a remedy for', () => {
  const messageOf = async (call: string, path: string, options: ProgramOptions = {}) =>
    ((
      await hearProgram('api/error-names#fail', {
        ...options,
        args: [path, call, ...(options.args ?? [])],
      })
    )[0] as {
      code: string;
      message: string;
    }) ?? {};

  whereSpecialFiles.test('ENODEV, on a file system that maps nothing', async () => {
    const path = '/sys/kernel/mm/transparent_hugepage/enabled';
    const { code, message } = await messageOf('open', path);
    expect([code, message]).toEqual(['ENODEV', expect.stringMatching(/cannot map.*copy/)]);
  });

  whereLimits.test('EFBIG, under ulimit -f', async () => {
    const path = tempFile(CONTENT);
    const through = ['prlimit', '--fsize=65536'];
    for (const call of ['grow', 'allocate', 'truncate', 'copy']) {
      const { code, message } = await messageOf(call, path, { through });
      expect([code, message]).toEqual(['EFBIG', expect.stringMatching(/ulimit -f/)]);
    }
  });

  wherePermissions.test('EACCES, in a directory that may not be read', async () => {
    const directory = tempDir();
    const path = join(directory, 'file');
    fs.writeFileSync(path, CONTENT);
    fs.chmodSync(path, 0o666);
    fs.chmodSync(directory, 0o333);
    // Not as root, who may read it anyway.
    for (const call of ['create', 'remove']) {
      const { code, message } = await messageOf(call, path, { args: [false] });
      expect([code, message]).toEqual([
        'EACCES',
        expect.stringMatching(/directory must be readable.*chmod/),
      ]);
    }
    fs.chmodSync(directory, 0o755);
  });

  test.runIf(!isWindows && canMount('mount'))(
    'EPERM, from openExec on a noexec mount',
    async () => {
      const directory = tempDir();
      mountOver(directory, '-t', 'tmpfs', '-o', 'noexec,mode=777', 'none');
      const path = join(directory, 'file');
      fs.writeFileSync(path, CONTENT);
      const { code, message } = await messageOf('openExec', path);
      expect([code, message]).toEqual(['EPERM', expect.stringMatching(/noexec/)]);
    },
  );
});
