// Counts what this process has open, mapped and running.
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Windows has no /proc: a small addon counts there. */
const COUNTS = '../helpers/counts-windows.node';
const counts = process.platform === 'win32' ? require(COUNTS) : undefined;

/** What Windows calls a file: without its drive, which is called differently there. */
const withoutDrive = (path) => path.replace(/^[A-Za-z]:/, '');

/** The path of a descriptor; '' if it was closed since it was listed. */
const targetOf = (descriptor) => {
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
};

/** The inode numbers of a file, or of a directory and all in it. */
const numbersOf = (path) => {
  const found =
    path === '' ? undefined : fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found) return [];
  const below = found.isDirectory() ? fs.readdirSync(path) : [];
  return [found.ino, ...below.flatMap((name) => numbersOf(join(path, name)))];
};

/** Counts the open descriptors of the process (on Windows, those of files), or those of the file at `path`. */
const descriptors = (path = '') =>
  counts?.countFiles(withoutDrive(path), numbersOf(path)) ??
  fs.readdirSync('/proc/self/fd').filter((each) => targetOf(each).startsWith(path)).length;

/** What the paths of descriptors of memory start with. */
const MEMORY = counts ? join(fs.realpathSync.native(tmpdir()), 'mem') : '/memfd:';

/** Counts the open directories of the process: what else is open may belong to a thread. */
const directories = () =>
  counts?.countDirectories() ??
  fs
    .readdirSync('/proc/self/fd')
    .filter((descriptor) =>
      fs.statSync(`/proc/self/fd/${descriptor}`, { throwIfNoEntry: false })?.isDirectory(),
    ).length;

/** Counts the threads of the process. */
const threads = () => counts?.countThreads() ?? fs.readdirSync('/proc/self/task').length;

/** Counts the areas of the memory of the process. */
const areas = () =>
  counts?.countAreas() ?? fs.readFileSync('/proc/self/maps', 'utf8').split('\n').length;

/** Counts the mapped ranges of the file at `path`. */
const mappings = (path) =>
  counts?.countViews(withoutDrive(path)) ??
  fs.readFileSync('/proc/self/maps', 'utf8').split(path).length - 1;

module.exports = { counts, descriptors, MEMORY, directories, threads, areas, mappings };
