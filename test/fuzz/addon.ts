import native from '@fmmap/native';

export type Call = (...args: unknown[]) => unknown;

interface Holder {
  [name: string]: unknown;
}

/** What is kept beside the addon's functions, for all copies of the library, is JavaScript. */
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

/** Every function of the addon, as it says itself, those in objects of it included. */
export const functionsOfAddon: readonly (readonly [name: string, call: Call])[] = places.map(
  ({ holder, key, name }) => [name, holder[key] as Call],
);

/** Samples of one function that are kept. */
const MOST = 40;

export interface Record {
  /** The arguments of calls, by the name of the function. */
  readonly samples: ReadonlyMap<string, readonly (readonly unknown[])[]>;
  /** What the last call had for its first argument, if that was a number: a handle. */
  lastHandle(): number;
}

/**
 * Notes with what the functions are called from now on, in this thread, by whoever has not taken
 * them out of the addon yet.
 */
export function recordCalls(): Record {
  const samples = new Map<string, (readonly unknown[])[]>();
  let handle = 0;
  for (const { holder, key, name } of places) {
    const call = holder[key] as Call;
    const list: (readonly unknown[])[] = [];
    samples.set(name, list);
    // A class among them stays one.
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
