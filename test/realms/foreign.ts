import vm from 'node:vm';
import {
  MessageChannel,
  moveMessagePortToContext,
  receiveMessageOnPort,
} from 'node:worker_threads';

// Arguments from another realm: they are built the same way, but their classes are different.

const realm = vm.createContext({});
const at = (name: string) => vm.runInContext(name, realm) as new (...args: unknown[]) => object;

const { port1, port2 } = new MessageChannel();
const inside = moveMessagePortToContext(port2, realm);
for (const port of [port1, inside]) port.unref();

/** Plain data, including shared memory, as `postMessage` delivers it there. */
function sent(value: unknown): unknown {
  port1.postMessage(value);
  return receiveMessageOnPort(inside)?.message;
}

/** The result of `new URL()` in jsdom: an object of another class with the same properties. */
function urlOf(path: string): object {
  const { href, protocol, hostname, pathname, search, hash, host } = new URL(`file://${path}`);
  return Object.assign(new (at('Object'))(), {
    href,
    protocol,
    hostname,
    pathname,
    search,
    hash,
    host,
  });
}

let paths = 0;

/** A path in each of its possible forms, in turn. */
function pathOf(path: string): unknown {
  const forms = [urlOf, (text: string) => foreign(Buffer.from(text)), (text: string) => text];
  return forms[paths++ % forms.length]?.(path);
}

export function foreign(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('/') ? pathOf(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const name = value instanceof Uint8Array ? 'Uint8Array' : value.constructor.name;
    const { length = byteLength } = value as Uint8Array;
    return new (at(name))(buffer, byteOffset, length);
  }
  // Tokens and WebAssembly memories are sent as a whole: postMessage recreates them there.
  if ('fmmap' in value || String(value) === '[object WebAssembly.Memory]') return sent(value);
  const entries = Object.entries(value).map(([key, each]) => [key, foreign(each)] as const);
  return Object.assign(new (at('Object'))(), Object.fromEntries(entries));
}

/** An object, or a class, whose methods are called with foreign arguments. */
export function withForeignArguments<T extends object>(target: T): T {
  return new Proxy(target, {
    get: (_, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key === 'constructor') return withForeignArguments(value as object);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => value.apply(target, args.map(foreign));
    },
    set: (_, key, value) => Reflect.set(target, key, value, target),
  });
}
