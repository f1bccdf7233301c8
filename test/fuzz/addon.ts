import native from '@fmmap/native';

export type Call = (...args: unknown[]) => unknown;

interface Holder {
  [name: string]: unknown;
}

/** The state that copies of the library share, next to the addon's functions, is JavaScript. */
const isNative = (call: unknown): boolean =>
  Function.prototype.toString.call(call).includes('[native code]');

function within(holder: Holder, prefix: string): { holder: Holder; key: string; name: string }[] {
  return Object.entries(holder).flatMap(([key, value]) => {
    if (typeof value === 'function') {
      return isNative(value) ? [{ holder, key, name: `${prefix}${key}` }] : [];
    }
    const isObject = typeof value === 'object' && value !== null;
    return isObject ? within(value as Holder, `${prefix}${key}.`) : [];
  });
}

const places = within(native as unknown as Holder, '');
if (places.length < 20) throw new Error('the addon exports hardly anything');

/** Every function of the addon, as listed by itself, including those in objects. */
export const functionsOfAddon: readonly (readonly [name: string, call: Call])[] = places.map(
  ({ holder, key, name }) => [name, holder[key] as Call],
);

/** Samples that are kept of each function. */
const MOST = 40;

export interface Record {
  /** The arguments of calls, by the name of the function. */
  readonly samples: ReadonlyMap<string, readonly (readonly unknown[])[]>;
  /** The first argument of the last call, if it was a number: a handle. */
  lastHandle(): number;
}

/**
 * Records from now on, in this thread, the arguments of functions that are called by code that has not
 * taken them out of the addon yet.
 */
export function recordCalls(): Record {
  const samples = new Map<string, (readonly unknown[])[]>();
  let handle = 0;
  for (const { holder, key, name } of places) {
    const call = holder[key] as Call;
    const list: (readonly unknown[])[] = [];
    samples.set(name, list);
    // A class must remain a class.
    holder[key] = new Proxy(call, {
      apply(target, receiver, args) {
        if (list.length < MOST) list.push(args);
        if (typeof args[0] === 'number') handle = args[0];
        return Reflect.apply(target, receiver, args);
      },
    });
  }
  return { samples, lastHandle: () => handle };
}
