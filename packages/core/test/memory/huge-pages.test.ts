import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mountOver } from '../helpers/file-systems.js';
import { startHolder } from '../helpers/holder.js';
import { AS_ROOT, canMount, run } from '../helpers/mounting.js';
import { isWindows, whereSpecialFiles } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { tempDir } from '../helpers/temp.js';

const SETTING = '/proc/sys/vm/nr_hugepages';
const PAGES = 4;

const free = () =>
  Number(/^HugePages_Free: +(\d+)/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1]);
const size = () =>
  1024 * Number(/^Hugepagesize: +(\d+)/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1]);

/** Has the kernel set some huge pages aside, which may fail. */
function makePages(): boolean {
  if (isWindows || !fs.existsSync(SETTING) || !canMount('mount')) return false;
  const before = fs.readFileSync(SETTING, 'utf8').trim();
  const set = (count: string) => run(...AS_ROOT, 'sh', '-c', `echo ${count} > ${SETTING}`);
  onTestFinished(() => set(before));
  set(String(Number(before) + PAGES));
  return free() >= PAGES;
}

const WHY = 'the kernel gives no huge pages here: nothing was tested';

const refusal = (path: string) => ({
  name: 'MmapUnsupportedError',
  code: 'ERR_MMAP_UNSUPPORTED',
  syscall: 'mmap',
  path,
  message: expect.stringMatching(/huge pages.*copy it/),
});

async function expectRefusals(path: string, bytes: number): Promise<void> {
  const said = await hearProgram('memory/huge-pages#refusals', { args: [path] });
  expect(said.pop()).toEqual([false, false, bytes]);
  expect(said).toHaveLength(5 * 8 + 3);
  for (const error of said) expect(error).toEqual(refusal(path));
}

test('a file on hugetlbfs is refused before any of it is mapped or changed', async (context) => {
  if (!makePages()) return context.skip(WHY);
  const directory = tempDir();
  mountOver(directory, '-t', 'hugetlbfs', 'none');
  const path = join(directory, 'file');
  const bytes = 2 * size();
  run(...AS_ROOT, 'chmod', '777', directory);
  fs.writeFileSync(path, '');
  fs.truncateSync(path, bytes);
  await expectRefusals(path, bytes);
  const created = await hearProgram('memory/huge-pages#create', { args: [`${path}.new`] });
  expect(created).toEqual([refusal(`${path}.new`), false]);
});

test('memory in huge pages is refused, too, through the descriptor of another process', async (context) => {
  if (!makePages()) return context.skip(WHY);
  const bytes = 2 * size();
  const path = await startHolder('huge', String(bytes)).said();
  await expectRefusals(path as string, bytes);
});

// Paths that are not regular files, and the error of each.
const KINDS: Readonly<Record<string, string>> = {
  '/dev/zero': 'ENODEV',
  '/dev/null': 'ENODEV',
  '/dev/full': 'ENODEV',
  '/dev/urandom': 'ENODEV',
  '/dev/tty': 'ENODEV',
  '/dev/mem': 'ENODEV',
  '/dev/kmsg': 'ENODEV',
  '/dev/shm': 'EISDIR',
  '/proc/self/mem': 'ENODEV',
  '/proc/self/maps': 'ENODEV',
  '/proc/self/fd': 'EISDIR',
  '/proc/version': 'ENODEV',
  '/sys/kernel': 'EISDIR',
};

whereSpecialFiles.test(
  'a file of sysfs, which has a size and cannot be mapped, is refused with ENODEV',
  async () => {
    const said = await hearProgram('memory/huge-pages#sysfs', {
      args: ['/sys/kernel/mm/transparent_hugepage/enabled'],
    });
    expect(said).toEqual(Array(6).fill('ENODEV'));
  },
);

whereSpecialFiles.test.each(Object.entries(KINDS).filter(([path]) => fs.existsSync(path)))(
  '%s is refused with %s whatever the length',
  async (path, code) => {
    const said = await hearProgram('memory/huge-pages#open', { args: [path] });
    for (const error of said) {
      const codes = [code, 'EACCES', 'EPERM', 'ENXIO', 'ERR_OUT_OF_RANGE'];
      expect(codes).toContain((error as { code: string }).code);
    }
  },
);
