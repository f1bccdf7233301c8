/** An async package: the template expanded over its own `src/runtime.ts`. */
export interface Flavour {
  /** Its folder in packages/, and its name after `@fmmap/`. */
  readonly name: string;
  /** What `{@where}` stands for in the documentation: where the work is done. */
  readonly where: string;
}

/** Every flavour there is. A new one is a line here, a package and its runtime: see README.md. */
export const flavours: readonly Flavour[] = [
  { name: 'node', where: 'on the thread pool of libuv' },
  { name: 'worker', where: 'in a worker thread' },
  { name: 'stream', where: 'on the thread pool of libuv' },
];
