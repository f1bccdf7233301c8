export * from '../dist/internal.cjs';
