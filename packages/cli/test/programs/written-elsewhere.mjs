// Has another processor write the file that FMMAP_FILE names, a new one and page by page, right before it is mapped.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { MmapFile } from '@fmmap/core';

const path = process.env.FMMAP_FILE;
const [, list] = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
const processors = list.match(/\d+/g);
const dd = ['dd', 'if=/dev/zero', `of=${path}`, 'bs=4096', 'count=40', 'status=none'];

execFileSync('taskset', ['-a', '-c', '-p', processors.at(0), String(process.pid)]);
const { open } = MmapFile;
MmapFile.open = (...args) => {
  rmSync(path);
  execFileSync('taskset', ['-c', processors.at(-1), ...dd]);
  return open.apply(MmapFile, args);
};
