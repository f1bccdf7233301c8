import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Outcome } from './row.js';
import type { Trial } from './trial.js';

/** A free port of this machine. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What a server receives from a client. */
export interface Inbox extends Disposable {
  readonly url: string;
  readonly port: number;
  /** The body of the first request. */
  readonly body: Promise<Buffer>;
}

export async function inbox(): Promise<Inbox> {
  const server = http.createServer();
  const body = new Promise<Buffer>((resolve, reject) => {
    server.once('request', (request, response) => {
      buffer(request).then(resolve, reject);
      request.on('end', () => response.end('ok'));
    });
  });
  const port = await listen(server);
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    body,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Sends a request to a server that is not listening yet, and checks how the response was written. */
export async function answered(trial: Trial, server: Server): Promise<Outcome> {
  let outcome = (): Outcome => 'used';
  server.on('connection', (socket: Duplex) => {
    outcome = trial.watch(socket);
  });
  const port = await listen(server);
  try {
    const request = http.get({ port, host: '127.0.0.1', agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    trial.same(await buffer(response));
    return outcome();
  } finally {
    server.close();
  }
}
