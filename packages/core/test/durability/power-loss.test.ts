import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { makeDisk } from '../helpers/file-systems.js';
import { HIDDEN, look } from '../helpers/files.js';
import { canMount } from '../helpers/mounting.js';
import { powerLosses, survivesPowerLoss } from '../helpers/power-loss.js';
import { runProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

describe.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs', 'xfs_io')).each(['ext4', 'xfs'] as const)(
  'on %s',
  (type) => {
    test.each(Object.entries(powerLosses))(
      'a power loss right after %s loses nothing that was promised',
      async (_, powerLoss) => {
        await survivesPowerLoss(powerLoss, type, { File: MmapFile, FileMut: MmapFileMut });
      },
    );

    /**
     * Cuts the power during a system call of a program.
     * @returns The content of the directory once the power is back.
     */
    async function cutWithin(name: string, moment: string) {
      const disk = makeDisk(type, (type === 'ext4' ? 32 : 320) << 20);
      fs.writeFileSync(join(disk.directory, 'file.bin'), CONTENT);
      // A file that is written under its final name is there in part.
      fs.writeFileSync(join(disk.directory, 'by-hand'), CONTENT.subarray(0, 5000));
      disk.sync();
      const [call = '', when] = moment.split(':');
      const { through } = strace(call, [`${call}:signal=SIGKILL:${when}`]);
      const { signal } = await runProgram(`durability/power-loss#${name}`, {
        args: [disk.directory],
        through,
      });
      expect(signal).toBe('SIGKILL');
      disk.cutPower();
      disk.unmount();
      disk.mount();
      const { 'by-hand': byHand, ...found } = look(disk.directory, ['lost+found']);
      disk.unmount();
      expect(byHand).toHaveLength(5000);
      return found;
    }

    test.each(['linkat:when=1', 'fsync:when=2'])(
      'a copy is absent or complete when the power fails in its %s',
      async (moment) => {
        const found = await cutWithin('copy', moment);
        expect(found['file.bin']?.equals(CONTENT)).toBe(true);
        expect(found.copy?.equals(CONTENT) ?? true).toBe(true);
        expect(Object.keys(found).filter((name) => !['copy', 'file.bin'].includes(name))).toEqual(
          [],
        );
      },
    );

    test.each(['fsync:when=1', 'linkat:when=1', 'renameat:when=1', 'fsync:when=2'])(
      'a file that is being replaced has its old or its new content when the power fails in its %s',
      async (moment) => {
        const {
          'file.bin': file,
          [HIDDEN]: hidden,
          ...others
        } = await cutWithin('replace', moment);
        const made = Buffer.alloc(CONTENT.length, 7);
        expect([CONTENT, made]).toContainEqual(file);
        expect([undefined, made]).toContainEqual(hidden);
        expect(others).toEqual({});
      },
    );

    test.each(['fsync:when=1', 'fsync:when=2'])(
      'a new file is absent, empty or of its full size when the power fails in its %s',
      async (moment) => {
        const { new: made, ...found } = await cutWithin('create', moment);
        expect([undefined, 0, 5000]).toContain(made?.length);
        expect(made?.every((byte) => byte === 0) ?? true).toBe(true);
        expect(found).toEqual({ 'file.bin': CONTENT });
      },
    );

    test('a removed file is complete or gone when the power fails in the sync of its directory', async () => {
      const found = await cutWithin('remove', 'fsync:when=1');
      expect([{}, { 'file.bin': CONTENT }]).toContainEqual(found);
    });
  },
);
