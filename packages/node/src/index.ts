// The public names of @fmmap/node.

export * from './generated/index.js';
