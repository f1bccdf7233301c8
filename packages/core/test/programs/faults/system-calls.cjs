// Views of lost memory that are passed to the system.
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const { promisify } = require('node:util');
const { faultOf } = require('../faults.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

/**
 * The system reads or writes the view itself: where a program gets a signal, it returns EFAULT, or does
 * less. Each returns what it did, or throws the error of the system.
 */
exports.CALLS = {
  'fs.writeSync': ({ sink, view }) => fs.writeSync(sink, view),
  'fs.writevSync': ({ sink, view }) => fs.writevSync(sink, [view, view]),
  'fs.readSync': ({ source, view }) => fs.readSync(source, view, 0, view.length, 0),
  'fs.readvSync': ({ source, view }) => fs.readvSync(source, [view], 0),
  'fs.writeFileSync': ({ target, view }) => fs.writeFileSync(target, view),
  'fs.write': ({ sink, view }) => promisify(fs.write)(sink, view),
  'fs.writev': ({ sink, view }) => promisify(fs.writev)(sink, [view]),
  'fs.read': ({ source, view }) => promisify(fs.read)(source, view, 0, view.length, 0),
  'fs.promises write': ({ handle, view }) => handle.write(view),
  'fs.promises read': ({ handle, view }) => handle.read(view, 0, view.length, 0),
  'fs.promises.writeFile': ({ target, view }) => fs.promises.writeFile(target, view),
  'fs.createWriteStream': ({ target, view }) =>
    new Promise((resolve, reject) => {
      const stream = fs.createWriteStream(target);
      stream
        .on('error', reject)
        .on('close', () => resolve(undefined))
        .end(view);
    }),
};

exports.use = async (path, target, other, size, call) => {
  const sink = fs.openSync(target, 'w');
  const source = fs.openSync(other, 'r');
  const handle = await fs.promises.open(other, 'r+');
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  fs.truncateSync(path, size);
  try {
    await exports.CALLS[call]({ sink, source, handle, target, view });
    say('done');
  } catch (error) {
    say(error.code);
  }
  say(faultOf(() => file.checkFault()));
  say(file.isFaulted);
  say(fs.statSync(path).size);
  file.close();
  await handle.close();
};

exports.httpServer = async (path) => {
  const file = MmapFile.open(path);
  const view = file.asBuffer();
  fs.truncateSync(path);
  const server = http.createServer((request, response) => {
    response.on('error', () => {});
    request.socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => say(error.code));
    response.setHeader('Content-Length', view.length);
    response.end(view);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  say(
    await new Promise((resolve) => {
      const request = http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
        response
          .on('error', () => {})
          .on('close', () => resolve(response.complete))
          .resume();
      });
      request.on('error', () => resolve(false));
    }),
  );
  server.close();
  say(faultOf(() => file.checkFault()));
};

exports.socket = async (path) => {
  const file = MmapFile.open(path);
  const view = file.asBuffer();
  fs.truncateSync(path);
  const server = net.createServer((socket) => {
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => say(error.code));
    socket.end(view);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  let received = 0;
  await new Promise((resolve) => {
    const socket = net.connect(/** @type {net.AddressInfo} */ (server.address()).port, '127.0.0.1');
    socket
      .on('data', ({ length }) => {
        received += length;
      })
      .on('error', () => {})
      .on('close', () => resolve(undefined));
  });
  server.close();
  say(received);
  say(faultOf(() => file.checkFault()));
};
