// As index.js.
export * from '../dist/internal.cjs';
