// Makes the command take this system for another one, named by FMMAP_PLATFORM. The library knows which one it is.
import '@fmmap/core';

Object.defineProperty(process, 'platform', { value: process.env.FMMAP_PLATFORM });
