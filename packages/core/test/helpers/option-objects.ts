/** Objects that hold one option, each in a way that `fs` accepts. */
export const optionsFrom: Readonly<Record<string, (option: string, value: unknown) => object>> = {
  'an object': (option, value) => ({ [option]: value }),
  'a null prototype': (option, value) => Object.assign(Object.create(null), { [option]: value }),
  'a prototype': (option, value) => Object.create({ [option]: value }),
  'a prototype of a prototype': (option, value) =>
    Object.create(Object.create({ [option]: value })),
  'a property that is not enumerable': (option, value) =>
    Object.defineProperty({}, option, { value }),
  'a getter': (option, value) => Object.defineProperty({}, option, { get: () => value }),
  'a getter of a class': (option, value) => {
    class Options {}
    Object.defineProperty(Options.prototype, option, { get: () => value });
    return new Options();
  },
  'a class that extends another': (option, value) => {
    class Options {}
    Object.defineProperty(Options.prototype, option, { get: () => value });
    return new (class extends Options {})();
  },
  'a proxy': (option, value) => new Proxy({ [option]: value }, {}),
};

/** Values that hold no options, though most of them are objects. */
export const noOptions: Readonly<Record<string, unknown>> = {
  null: null,
  'a number': 5,
  'a string': 'offset',
  'a boolean': true,
  'a bigint': 5n,
  'a symbol': Symbol('options'),
  'a function': () => {},
  'a class': class {},
  'an array': [],
  'an array of options': [{ offset: 5 }],
  'a proxy of an array': new Proxy([], {}),
  'a Map': new Map([['offset', 5]]),
  'a Set': new Set(['offset']),
  'a WeakMap': new WeakMap(),
  'a WeakSet': new WeakSet(),
  'a Date': new Date(),
  'a RegExp': /offset/,
  'a Promise': Promise.resolve({}),
  'an Error': new Error('offset'),
  'a Number': Object(5),
  'a String': Object(''),
  'an ArrayBuffer': new ArrayBuffer(5),
  'a SharedArrayBuffer': new SharedArrayBuffer(5),
  'a Buffer': Buffer.alloc(0),
  'a DataView': new DataView(new ArrayBuffer(5)),
  'a signal, without its name': new AbortController().signal,
};
