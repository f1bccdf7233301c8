// Kills the command when it flushes for the first time.
import { MmapFileMut } from '@fmmap/core';

MmapFileMut.prototype.flush = () => process.kill(process.pid, 'SIGKILL');
