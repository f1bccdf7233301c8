import { expect, test } from 'vitest';
import {
  AsyncMmapFile,
  AsyncMmapFileMut,
  MmapError,
  setDefaultPool,
  WorkerPool,
} from '../src/index.js';
import { rejected } from './helpers/rejected.js';

// What people get wrong about tasks, and what they are told.

const outer = 5;
const helper = () => outer;
const SENT = ' where the task runs: a function is sent to its thread as source';
const SOURCE = '"task" must be a function whose source stands for itself';
const CLOSED = 'the task returned the file, or a reader or writer of it, which is closed';

type Call = (file: AsyncMmapFileMut, other: AsyncMmapFile) => unknown;

class Task extends Object {
  run() {}
  static make() {}
  get length() {
    return () => super.toString();
  }
}

/** The call; the name of its error, its code and its argument; and how its message starts. */
const misuses: readonly (readonly [name: string, call: Call, error: string, message: string])[] = [
  [
    'a variable',
    (f) => f.run((f) => f.length + outer),
    'ReferenceError ERR_MMAP_TASK_SCOPE',
    `outer is not defined${SENT}`,
  ],
  [
    'a function',
    (f) => f.run(() => helper()),
    'ReferenceError ERR_MMAP_TASK_SCOPE',
    `helper is not defined${SENT}`,
  ],
  [
    'a variable, later',
    (f) => f.run(() => Promise.resolve().then(() => outer)),
    'ReferenceError ERR_MMAP_TASK_SCOPE',
    `outer is not defined${SENT}`,
  ],
  [
    'a variable in runWith',
    (f) => f.runWith({}, () => outer),
    'ReferenceError ERR_MMAP_TASK_SCOPE',
    `outer is not defined${SENT}`,
  ],
  [
    'a variable in map',
    (f) => f.map(() => outer),
    'ReferenceError ERR_MMAP_TASK_SCOPE',
    `outer is not defined${SENT}`,
  ],
  [
    'a variable in a boundary',
    (f) => f.map(() => 1, { chunkSize: 1, boundary: () => outer }),
    'ReferenceError ERR_MMAP_TASK_SCOPE',
    `outer is not defined${SENT}`,
  ],
  [
    'a name that is nobody’s',
    (f) => f.run(() => new Function(['return no', 'thing'].join(''))()),
    'ReferenceError',
    'nothing is not defined',
  ],
  ['a method', (f) => f.run(new Task().run), 'TypeError ERR_INVALID_ARG_TYPE task', SOURCE],
  ['a static method', (f) => f.run(Task.make), 'TypeError ERR_INVALID_ARG_TYPE task', SOURCE],
  [
    'a function with super',
    (f) => f.run(new Task().length as never),
    'TypeError ERR_INVALID_ARG_TYPE task',
    SOURCE,
  ],
  ['a method in map', (f) => f.map(new Task().run), 'TypeError ERR_INVALID_ARG_TYPE task', SOURCE],
  [
    'a built-in function',
    (f) => f.run(Math.max as never),
    'TypeError ERR_INVALID_ARG_TYPE task',
    SOURCE,
  ],
  [
    'a bound function',
    (f) => f.run((() => {}).bind(null)),
    'TypeError ERR_INVALID_ARG_TYPE task',
    SOURCE,
  ],
  [
    'a class',
    (f) => f.run(Task as never),
    'TypeError ERR_INVALID_ARG_TYPE task',
    '"task" must be a function that can be called; received the class Task',
  ],
  [
    'a class as a boundary',
    (f) => f.map(() => 1, { boundary: Task as never }),
    'TypeError ERR_INVALID_ARG_TYPE boundary',
    '"boundary" must be a function that can be called; received the class Task',
  ],
  [
    'no task',
    (f) => f.run(undefined as never),
    'TypeError ERR_INVALID_ARG_TYPE task',
    '"task" must be a function, or the URL or absolute path of a module; received undefined',
  ],
  [
    'a relative path',
    (f) => f.run('./task.mjs'),
    'TypeError ERR_INVALID_ARG_TYPE task',
    '"task" must be a function, or the URL or absolute path of a module; received a string (./task.mjs)',
  ],
  ['the file as a result', (f) => f.run((f) => f), 'MmapError ERR_MMAP_TASK_RESULT', CLOSED],
  [
    'a reader as a result',
    (f) => f.run((f) => f.reader()),
    'MmapError ERR_MMAP_TASK_RESULT',
    CLOSED,
  ],
  [
    'a writer in a result',
    (f) => f.run((f) => ({ all: [f.writer()] })),
    'MmapError ERR_MMAP_TASK_RESULT',
    CLOSED,
  ],
  ['files as results of map', (f) => f.map((f) => f), 'MmapError ERR_MMAP_TASK_RESULT', CLOSED],
  [
    'a function as a result',
    (f) => f.run(() => () => {}),
    'MmapError ERR_MMAP_TASK_RESULT',
    'the task returned what cannot be sent to another thread: ',
  ],
  [
    'a generator',
    (f) => f.run(function* () {}),
    'MmapError ERR_MMAP_TASK_RESULT',
    'the task returned what cannot be sent to another thread: ',
  ],
  [
    'a result that throws',
    (f) =>
      f.run(() => ({
        get x() {
          throw 5;
        },
      })),
    'MmapError ERR_MMAP_TASK_RESULT',
    'the task returned what cannot be sent to another thread: 5 was thrown',
  ],
  [
    'a result that throws nothing',
    (f) =>
      f.run(() => ({
        get x() {
          throw undefined;
        },
      })),
    'MmapError ERR_MMAP_TASK_RESULT',
    'the task returned what cannot be sent to another thread: undefined was thrown',
  ],
  [
    'a file as an argument',
    (f, other) => f.run((_, other) => other, other),
    'TypeError ERR_INVALID_ARG_TYPE args',
    '"args" must be what structuredClone() takes, to be sent to another thread; received an fmmap file; send what its share() returns',
  ],
  [
    'a function as an argument',
    (f) =>
      f.run(
        (_, each) => each,
        () => {},
      ),
    'TypeError ERR_INVALID_ARG_TYPE args',
    '"args" must be what structuredClone() takes',
  ],
  [
    'an argument that throws',
    (f) =>
      f.run((_, each) => each, {
        get x() {
          throw 5;
        },
      }),
    'TypeError ERR_INVALID_ARG_TYPE args',
    '"args" must be what structuredClone() takes, to be sent to another thread; received 5 was thrown',
  ],
  [
    'arguments that are no array',
    (f) => f.map(() => 1, { args: 5 as never }),
    'TypeError ERR_INVALID_ARG_TYPE args',
    '"args" must be an array; received a number (5)',
  ],
  [
    'an option that is written wrong',
    (f) => f.runWith({ timout: 5 } as never, () => 1),
    'TypeError ERR_INVALID_ARG_VALUE timout',
    'this method does not take the option "timout"; did you mean "timeout"? It takes timeout, pool, signal',
  ],
  [
    'an option of map',
    (f) => f.map(() => 1, { chunksize: 5 } as never),
    'TypeError ERR_INVALID_ARG_VALUE chunksize',
    'this method does not take the option "chunksize"; did you mean "chunkSize"? It takes ',
  ],
  [
    'a chunk of nothing',
    (f) => f.map(() => 1, { chunkSize: 0 }),
    'MmapRangeError ERR_OUT_OF_RANGE chunkSize',
    '"chunkSize" must be an integer from 1 to 2^53 - 1; received 0',
  ],
  [
    'a boundary that is none',
    (f) => f.map(() => 1, { boundary: 'word' as never }),
    'TypeError ERR_INVALID_ARG_TYPE boundary',
    `"boundary" must be 'byte', 'line', a number, a function or a URL; received a string (word)`,
  ],
  [
    'a boundary that goes back',
    (f) => f.map(() => 1, { chunkSize: 2, boundary: () => 0 }),
    'TypeError ERR_INVALID_ARG_TYPE boundary',
    '"boundary" must be a function that returns an offset from 2 on; received a number (0)',
  ],
  [
    'a range of map',
    (f) => f.map(() => 1, { offset: 8 }),
    'MmapRangeError ERR_OUT_OF_RANGE offset',
    `"offset" 8 is past the end of 'x', which has 7 bytes`,
  ],
  [
    'a pool that is none',
    (f) => f.runWith({ pool: {} as never }, () => 1),
    'TypeError ERR_INVALID_ARG_TYPE pool',
    '"pool" must be a WorkerPool; received an instance of Object',
  ],
  [
    'no pool',
    () => setDefaultPool(undefined as never),
    'TypeError ERR_INVALID_ARG_TYPE pool',
    '"pool" must be a WorkerPool; received undefined',
  ],
  [
    'a pool of no threads',
    () => new WorkerPool({ size: 0 }),
    'MmapRangeError ERR_OUT_OF_RANGE size',
    '"size" must be an integer from 1 to 1024; received 0',
  ],
  [
    'an option of a pool',
    () => new WorkerPool({ threads: 1 } as never),
    'TypeError ERR_INVALID_ARG_VALUE threads',
    'WorkerPool does not take the option "threads"; it takes size, idleTimeout',
  ],
  [
    'a file that is closed',
    async (f) => {
      await f.close();
      return f.run(() => 1);
    },
    'MmapClosedError ERR_MMAP_CLOSED',
    `'x' is closed; open it again to use it`,
  ],
];

test.each(misuses)('%s is told', async (_name, call, is, message) => {
  await using file = AsyncMmapFileMut.memory('x', 'content');
  await using other = AsyncMmapFile.memory('y', 'content');
  const error = (await rejected((async () => call(file, other))())) as Error & {
    code?: string;
    argument?: string;
  };
  expect([error.name, error.code, error.argument].filter(Boolean).join(' ')).toBe(is);
  expect(error.message.slice(0, message.length)).toBe(message);
  expect(error.stack?.startsWith(`${error.name}: ${error.message}`)).toBe(true);
  if (error.cause !== undefined) expect(error.cause).toBeInstanceOf(Error);
  if (is.startsWith('Mmap')) expect(error).toBeInstanceOf(MmapError);
});
