import { once } from 'node:events';
import * as nodeHttp from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createAdaptorServer } from '@hono/node-server';
import axios from 'axios';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import * as undici from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import type { Group, Outcome } from './row.js';
import { answered, inbox, listen } from './servers.js';
import type { Trial } from './trial.js';

/** What the server receives of a request that waits for its connection while the file is changed. */
async function posted(t: Trial, post: (url: string) => Promise<unknown>): Promise<Outcome> {
  using server = await inbox();
  const answer = post(server.url);
  return await t.late(async () => {
    await answer;
    return await server.body;
  });
}

/** The two ends of a `ws` connection, one of which sends the view. */
async function messaged(t: Trial, sender: 'client' | 'server'): Promise<Outcome> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  const [[socket, request]] = await Promise.all([
    once(server, 'connection') as Promise<[WebSocket, nodeHttp.IncomingMessage]>,
    once(client, 'open'),
  ]);
  const message = once(sender === 'client' ? socket : client, 'message');
  const outcome = sender === 'client' ? undefined : t.watch(request.socket);
  (sender === 'client' ? client : socket).send(t.view);
  try {
    if (!outcome) return await t.late(async () => (await message)[0]);
    t.same((await message)[0]);
    return outcome();
  } finally {
    client.terminate();
    server.close();
  }
}

export const http: Group = {
  title: 'HTTP, sockets',
  packages: ['ws', 'undici', 'fastify', 'hono', '@hono/node-server', 'express', 'axios'],
  rows: [
    {
      name: '`net`: `socket.write(view)`',
      run: async (t) => {
        const server = net.createServer();
        const port = await listen(server);
        const received = once(server, 'connection').then(([socket]) => buffer(socket));
        const client = net.connect(port, '127.0.0.1');
        client.end(t.view); // it is not connected yet
        const outcome = await t.late(() => received);
        server.close();
        return outcome;
      },
    },
    {
      name: '`http`: `request.end(view)`',
      run: (t) =>
        posted(t, async (url) => {
          const request = nodeHttp.request(url, { method: 'POST', agent: false });
          request.end(t.view);
          const [response] = await once(request, 'response');
          response.resume();
        }),
    },
    {
      name: '`http`: `response.end(view)`',
      run: (t) =>
        answered(
          t,
          nodeHttp.createServer((_, response) => response.end(t.view)),
        ),
    },
    {
      name: '`http`: `pipeline(Readable.from([view]), response)`',
      run: (t) => {
        const server = nodeHttp.createServer((_, response) => {
          pipeline(Readable.from([t.view]), response, () => {});
        });
        return answered(t, server);
      },
    },
    {
      name: '`http2`: `stream.end(view)`',
      run: async (t) => {
        const server = http2.createServer();
        server.on('stream', (stream) => {
          stream.respond();
          stream.end(t.view);
        });
        const session = http2.connect(`http://127.0.0.1:${await listen(server)}`);
        const got = await buffer(session.request());
        session.close();
        server.close();
        return t.same(got);
      },
    },
    {
      name: '`ws`: `send(view)` of a client',
      remark: 'what a client sends is masked in a copy, not in the file',
      run: (t) => messaged(t, 'client'),
    },
    {
      name: '`ws`: `send(view)` of a server',
      run: (t) => messaged(t, 'server'),
    },
    {
      name: '`undici`: `request(url, { body: view })`',
      run: (t) =>
        posted(t, async (url) => {
          const { body } = await undici.request(url, { method: 'POST', body: t.view });
          await body.text();
        }),
    },
    {
      name: '`undici`: `fetch(url, { body: view })`',
      run: (t) =>
        posted(t, async (url) => {
          const response = await undici.fetch(url, { method: 'POST', body: t.view });
          await response.text();
        }),
    },
    {
      name: '`undici`: `new Response(view)`, `new Response(view.buffer)`',
      run: async (t) => {
        t.same(await new undici.Response(t.view).arrayBuffer());
        const response = new undici.Response(t.view.buffer);
        return await t.late(() => response.arrayBuffer());
      },
    },
    {
      name: '`undici`: `WebSocket.send(view)`',
      run: async (t) => {
        const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
        await once(server, 'listening');
        const { port } = server.address() as net.AddressInfo;
        const connection = once(server, 'connection') as Promise<[WebSocket]>;
        const client = new undici.WebSocket(`ws://127.0.0.1:${port}`);
        const [socket] = await connection;
        const message = once(socket, 'message');
        if (client.readyState !== client.OPEN) {
          await new Promise<void>((resolve) => {
            client.addEventListener('open', () => resolve());
          });
        }
        client.send(t.view);
        const outcome = await t.late(async () => (await message)[0]);
        socket.terminate();
        server.close();
        return outcome;
      },
    },
    {
      name: '`fastify`: `reply.send(view)`',
      run: async (t) => {
        const app = fastify({ forceCloseConnections: true });
        app.get('/', (_, reply) => reply.send(t.view));
        await app.ready();
        return await answered(t, app.server);
      },
    },
    {
      name: '`fastify`: `reply.send(new Response(view))`',
      run: async (t) => {
        const app = fastify({ forceCloseConnections: true });
        app.get('/', (_, reply) => reply.send(new Response(t.view)));
        await app.ready();
        return await answered(t, app.server);
      },
    },
    {
      name: '`hono` with `@hono/node-server`: `c.body(view)`',
      run: (t) => {
        const app = new Hono().get('/', (c) => c.body(t.view));
        return answered(t, createAdaptorServer(app) as net.Server);
      },
    },
    {
      name: '`hono` with `@hono/node-server`: `c.body(view.buffer)`',
      run: (t) => {
        const app = new Hono().get('/', (c) => c.body(t.view.buffer));
        return answered(t, createAdaptorServer(app) as net.Server);
      },
    },
    {
      name: '`express`: `response.send(view)`',
      run: (t) => {
        const app = express();
        app.get('/', (_, response) => {
          response.send(t.view);
        });
        return answered(t, nodeHttp.createServer(app));
      },
    },
    {
      name: '`axios.post(url, view)`',
      run: (t) => posted(t, (url) => axios.post(url, t.view)),
    },
    {
      name: '`axios.post(url, view.buffer)`',
      run: (t) => posted(t, (url) => axios.post(url, t.view.buffer)),
    },
    {
      name: "`axios.post(url, view)`, with `adapter: 'fetch'`",
      run: (t) => posted(t, (url) => axios.post(url, t.view, { adapter: 'fetch' })),
    },
  ],
};
