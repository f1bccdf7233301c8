import { inspect, types } from 'node:util';
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import * as core from '../../src/index.js';
import { errnoOf } from '../helpers/errors.js';
import { makeScene, errorOf as misuse, SYNC } from '../helpers/misuse.js';

type ErrorClass = new (...args: never[]) => Error;

const classes = Object.entries(core).filter(([name]) => name.endsWith('Error')) as [
  string,
  ErrorClass,
][];

/** A call that throws an error of each class, where that takes no other process. */
const calls: Readonly<Record<string, string>> = {
  MmapError: "MmapFile.open('/no/such/file')",
  MmapClosedError: 'closed.flush()',
  MmapPoisonedError: 'poisoned.flush()',
  MmapLockError: 'MmapFileMut.open(path)',
  MmapRangeError: 'file.readUInt32LE(98)',
  MmapUnsupportedError: 'copied.truncate(5)',
};

async function errorOf(call: string): Promise<Error & Record<string, unknown>> {
  await using scene = await makeScene(SYNC);
  return await misuse(call, scene);
}

describe.each(Object.entries(calls))('%s', (name, call) => {
  const { [name]: own, MmapError } = core as unknown as Record<string, ErrorClass>;

  test('has the right name and is an MmapError and an Error', async () => {
    const error = await errorOf(call);
    expect(error.name).toBe(name);
    expect(error.constructor).toBe(own);
    expect(error instanceof (own as ErrorClass)).toBe(true);
    expect(error instanceof (MmapError as ErrorClass)).toBe(true);
    expect(error instanceof Error).toBe(true);
    expect(types.isNativeError(error)).toBe(true);
  });

  test('is an instance of no other class', async () => {
    const error = await errorOf(call);
    const of = classes.filter(([, type]) => error instanceof type).map(([each]) => each);
    expect(of.sort()).toEqual([...new Set(['MmapError', name])].sort());
    expect(error instanceof RangeError).toBe(name === 'MmapRangeError');
    expect(error instanceof TypeError).toBe(false);
  });

  test('shows its name and code in String(), in the stack and in inspect()', async () => {
    const error = await errorOf(call);
    expect(String(error)).toBe(`${name}: ${error.message}`);
    expect(error.stack?.startsWith(`${name}: ${error.message}\n    at `)).toBe(true);
    expect(inspect(error)).toContain(`code: '${error.code}'`);
    expect(Object.keys(error)).not.toContain('cause');
    expect(structuredClone(error)).toMatchObject({ message: error.message, stack: error.stack });
  });
});

describe('an error class', () => {
  test.each(classes)('%s extends MmapError, according to instanceof', (_name, type) => {
    expect(Object.create(type.prototype) instanceof core.MmapError).toBe(true);
    for (const other of [new Error('x'), new RangeError('x'), {}, null, undefined, 5]) {
      expect((other as unknown) instanceof type).toBe(false);
    }
  });

  test.each(classes)('%s can be extended', async (_name, type) => {
    class Own extends (type as new (message: string) => Error) {}
    const own = new Own('x');
    expect(own).toBeInstanceOf(Own);
    expect(own).toBeInstanceOf(type);
    expect(own).toBeInstanceOf(core.MmapError);
    expect((await errorOf('file.readUInt32LE(98)')) instanceof Own).toBe(false);
  });

  test('of another realm is not an MmapError', () => {
    expect(vm.runInNewContext('new RangeError()') instanceof core.MmapError).toBe(false);
  });
});

test('a cause is an error and not an enumerable property', () => {
  const cause = new Error('why');
  for (const Type of [core.MmapError, core.MmapRangeError]) {
    const error = new Type('what', { cause, argument: 'offset' });
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).not.toContain('cause');
    expect(inspect(error)).toContain('[cause]: Error: why');
  }
});

test('a fault has a reason, and a cause if the system reported an error', () => {
  const [full, io, cut] = [2, 3, 1].map(
    (reason, at) => new core.MmapFaultError('x', ([28, 5, 0][at] as number) * 8 + reason, 7),
  );
  expect(full).toMatchObject({
    reason: 'no-space',
    offset: 7,
    cause: { code: 'ENOSPC', errno: errnoOf('ENOSPC'), path: 'x' },
  });
  expect(full?.message).toContain('(ENOSPC)');
  expect(io).toMatchObject({ reason: 'io', cause: { code: 'EIO', syscall: 'read' } });
  expect(io?.cause).toBeInstanceOf(core.MmapError);
  expect(cut).toMatchObject({ reason: 'truncated' });
  expect(cut).not.toHaveProperty('cause');
});
