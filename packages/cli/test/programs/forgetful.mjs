// A system with too little memory: nothing that is read in stays.
import { MmapFile } from '@fmmap/core';

MmapFile.prototype.prefetch = () => {};
