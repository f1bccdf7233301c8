/** Every static method of a class that makes files, including inherited ones. */
export function staticsOf(type: object): string[] {
  const names = new Set<string>();
  for (let from = type; from !== Function.prototype; from = Object.getPrototypeOf(from)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (typeof value === 'function') names.add(name);
    }
  }
  names.delete('prototype');
  return [...names];
}

/** The arguments of each of them, before the options. */
export const beforeOptions: Readonly<
  Record<string, (path: string, token: () => unknown) => readonly unknown[]>
> = {
  open: (path) => [path],
  openExec: (path) => [path],
  create: (path) => [`${path}.new`],
  openExisting: (path) => [path],
  openCow: (path) => [path],
  memory: () => ['memory', 'abc'],
  anonymous: () => [3],
  attach: (_path, token) => [token()],
};
