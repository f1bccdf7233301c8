import native from '@fmmap/native';

export type Call = (...args: unknown[]) => unknown;

function within(exports: object, prefix: string): [string, Call][] {
  return Object.entries(exports).flatMap(([name, value]): [string, Call][] => {
    if (typeof value === 'function') return [[`${prefix}${name}`, value as Call]];
    const isObject = typeof value === 'object' && value !== null;
    return isObject ? within(value, `${prefix}${name}.`) : [];
  });
}

/** Every function of the addon, as it says itself, those in objects of it included. */
export function functionsOfAddon(): [name: string, call: Call][] {
  const found = within(native as object, '');
  if (found.length < 20) throw new Error('the addon exports hardly anything');
  return found;
}
