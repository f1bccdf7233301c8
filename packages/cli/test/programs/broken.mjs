// A mistake in the program: an error that no user can do anything about.
import { MmapFile } from '@fmmap/core';

MmapFile.prototype.residency = () => {
  throw new TypeError('a mistake');
};
