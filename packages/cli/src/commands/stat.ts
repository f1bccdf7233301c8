// `fmmap stat`: what is worth knowing of a file before it is mapped.
import * as fs from 'node:fs';
import { type MmapFile, pageSize } from '@fmmap/core';
import { withFile } from '../files.js';
import { formatCount, formatNumber, formatSize, percentOf, printable } from '../format.js';
import { extentOf, holderOf, type Lock, locksOf } from '../locks.js';
import { print, printJson } from '../output.js';
import { hasProc, type Mount, placeOf } from '../place.js';
import { forEach } from '../problems.js';
import { measure, whyUnknown } from '../residency.js';
import { paint } from '../terminal.js';
import { plainLock } from './lock.js';

/** What is different where files are, by the types of file systems. */
const NOTES: readonly (readonly [RegExp, string])[] = [
  [/^(tmpfs|ramfs|devtmpfs|hugetlbfs)$/, 'it is in memory: nothing of it can be evicted'],
  [
    /^(nfs\d?|cifs|smb3|9p|ceph|glusterfs|fuse\.sshfs|afs)$/,
    'a network file system: others may change the file at any time, and locks are up to the server',
  ],
  [
    /^overlay$/,
    'opening the file for writing may replace it by a copy, which open maps do not show',
  ],
];

interface Facts {
  readonly path: string;
  readonly size: number;
  readonly allocated: number;
  readonly pageSize: number;
  readonly pages: number;
  readonly residentPages: number | null;
  readonly residentBytes: number | null;
  readonly modified: string;
  readonly links: number;
  readonly locks: readonly Lock[] | null;
  readonly fileSystem: Partial<Mount> & { readonly blockSize: number; readonly free: number };
}

export function stat(
  paths: readonly string[],
  { json }: { readonly json?: true },
): Promise<number> {
  return forEach(paths, async (path) => {
    const facts = await withFile(path, (file) => factsOf(path, file));
    if (json) {
      await printJson({ ...facts, locks: facts.locks?.map(plainLock) ?? null });
    } else {
      const lines = linesOf(facts).map(
        ([name, text]) => `  ${paint('dim', name.padEnd(12))}${text}\n`,
      );
      await print(`${paint('bold', printable(path))}\n${lines.join('')}`);
    }
    return 0;
  });
}

function factsOf(path: string, file: MmapFile): Facts {
  const { size, blocks, mtime, nlink } = file.stat();
  const isKnown = whyUnknown(file) === undefined;
  const found = measure(file, { offset: 0, length: file.length });
  const { bsize, bavail } = fs.statfsSync(path);
  return {
    path,
    size,
    allocated: blocks * 512,
    pageSize,
    pages: found.pages,
    residentPages: isKnown ? found.residentPages : null,
    residentBytes: isKnown ? found.residentBytes : null,
    modified: mtime.toISOString(),
    links: nlink,
    locks: hasProc() ? locksOf(path) : null,
    fileSystem: { ...(hasProc() && placeOf(path).mount), blockSize: bsize, free: bsize * bavail },
  };
}

function linesOf(facts: Facts): [name: string, text: string][] {
  const { size, allocated, pages, residentPages, residentBytes, locks, fileSystem } = facts;
  const { type, directory, source, options, free } = fileSystem;
  const exact = size < 1024 ? '' : `, ${formatNumber(size, 'byte')}`;
  const holes = allocated < size ? `, ${formatSize(size - allocated)} in holes or compressed` : '';
  const resident =
    residentPages === null || residentBytes === null
      ? 'unknown: the system tells only those who own the file or may write to it'
      : `${formatCount(residentPages)} of ${formatNumber(pages, 'page')}, ${formatSize(residentBytes)}, ${percentOf(residentPages, pages)} %`;
  const note = NOTES.find(([types]) => types.test(type ?? ''))?.[1];
  const where =
    type === undefined ? '' : printable(`${type} at ${directory} (${source}, ${options}), `);
  return [
    ['size', `${formatSize(size)}${exact}`],
    ['allocated', `${formatSize(allocated)}${holes}`],
    ['pages', `${formatCount(pages)} of ${formatSize(facts.pageSize)}`],
    ['resident', resident],
    ['modified', facts.modified],
    ...(facts.links === 1 ? [] : ([['links', formatCount(facts.links)]] as [string, string][])),
    [
      'locks',
      locks === null ? 'unknown: known only on Linux' : locks.map(said).join('; ') || 'none',
    ],
    ['file system', `${where}${formatSize(free)} free`],
    ...(note === undefined ? [] : ([['note', note]] as [string, string][])),
  ];
}

const said = (lock: Lock): string =>
  printable(
    `${lock.isWaiting ? 'waited for: ' : ''}${lock.kind} ${lock.mode} ${extentOf(lock)} by ${holderOf(lock)}`,
  );
