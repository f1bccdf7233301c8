import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { FAULTS, faultError } from '../helpers/faults.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(5 * PAGE);

/**
 * The system reads or writes the view itself: it answers EFAULT, or does less, where a program gets
 * a signal. Each returns what it did, or throws what the system said.
 */
const CALLS: Record<string, string> = {
  'fs.writeSync': 'fs.writeSync(sink, view)',
  'fs.writevSync': 'fs.writevSync(sink, [view, view])',
  'fs.readSync': 'fs.readSync(source, view, 0, view.length, 0)',
  'fs.readvSync': 'fs.readvSync(source, [view], 0)',
  'fs.writeFileSync': 'fs.writeFileSync(args[1], view)',
  'fs.write': 'await promisify(fs.write)(sink, view)',
  'fs.writev': 'await promisify(fs.writev)(sink, [view])',
  'fs.read': 'await promisify(fs.read)(source, view, 0, view.length, 0)',
  'fs.promises write': 'await handle.write(view)',
  'fs.promises read': 'await handle.read(view, 0, view.length, 0)',
  'fs.promises.writeFile': 'await fs.promises.writeFile(args[1], view)',
  'fs.createWriteStream': `await new Promise((resolve, reject) => {
    const stream = fs.createWriteStream(args[1]);
    stream.on('error', reject).on('close', resolve).end(view);
  })`,
};

async function use(call: string, size: number): Promise<unknown[]> {
  return await hear(
    `${FAULTS}
    const { promisify } = require('node:util');
    const [path] = args;
    const sink = fs.openSync(args[1], 'w');
    const source = fs.openSync(args[2], 'r');
    const handle = await fs.promises.open(args[2], 'r+');
    const file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    fs.truncateSync(path, ${size});
    try { ${call}; say('done'); } catch (error) { say(error.code); }
    say(faultOf(() => file.checkFault()));
    say(file.isFaulted);
    say(fs.statSync(path).size);
    file.close();
    await handle.close();`,
    { args: [tempFile(CONTENT), tempFile('', 'sink'), tempFile(CONTENT, 'source')] },
  );
}

describe.each(Object.entries(CALLS))('%s', (_, call) => {
  const truncated = (offset: number) => faultError('truncated', offset, expect.any(String));

  test('with a view of a file that is gone is EFAULT, and checkFault says why', async () => {
    expect(await use(call, 0)).toEqual(['EFAULT', truncated(0), true, 0]);
  });

  test('with a view of a file that has lost its end survives, and checkFault says so', async () => {
    const size = 2 * PAGE + 100;
    expect(await use(call, size)).toEqual([
      expect.stringMatching(/^(done|EFAULT)$/), // what was there may have been done
      truncated(size),
      true,
      size,
    ]);
  });
});

test('a server that sends a view of a file that is gone ends the connection, and lives', async () => {
  const said = await hear(
    `${FAULTS}
    const http = require('node:http');
    const [path] = args;
    const file = MmapFile.open(path);
    const view = file.asBuffer();
    fs.truncateSync(path);
    const server = http.createServer((request, response) => {
      response.on('error', () => {});
      request.socket.on('error', (error) => say(error.code));
      response.setHeader('Content-Length', view.length);
      response.end(view);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    say(await new Promise((resolve) => {
      const request = http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
        response.on('error', () => {}).on('close', () => resolve(response.complete)).resume();
      });
      request.on('error', () => resolve(false));
    }));
    server.close();
    say(faultOf(() => file.checkFault()));`,
    { args: [tempFile(pattern(64 * PAGE))] },
  );
  const error = faultError('truncated', 0, expect.any(String));
  expect(said).toEqual(['EFAULT', false, error]);
});

test('a socket that is given a view of a file that is gone says EFAULT, and nothing else happens', async () => {
  const said = await hear(
    `${FAULTS}
    const net = require('node:net');
    const [path] = args;
    const file = MmapFile.open(path);
    const view = file.asBuffer();
    fs.truncateSync(path);
    const server = net.createServer((socket) => {
      socket.on('error', (error) => say(error.code));
      socket.end(view);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    let received = 0;
    await new Promise((resolve) => {
      const socket = net.connect(server.address().port, '127.0.0.1');
      socket.on('data', ({ length }) => { received += length; }).on('error', () => {}).on('close', resolve);
    });
    server.close();
    say(received);
    say(faultOf(() => file.checkFault()));`,
    { args: [tempFile(pattern(64 * PAGE))] },
  );
  expect(said).toEqual(['EFAULT', 0, faultError('truncated', 0, expect.any(String))]);
});
