import { AsyncMmapFile } from '@fmmap/stream';
import type { FastifyInstance } from 'fastify';

/** Serves the records of a file, all of one size, from memory: `/records/0` and so on. */
export async function serveRecords(
  app: FastifyInstance,
  path: string,
  size: number,
): Promise<void> {
  const file = await AsyncMmapFile.open(path);
  app.addHook('onClose', () => file.close());
  app.get<{ Params: { number: string } }>('/records/:number', async (request, reply) => {
    const number = Number(request.params.number);
    const offset = number * size;
    if (!Number.isInteger(number) || number < 0 || offset + size > file.length) {
      return reply.code(404).send();
    }
    await file.prefetch(offset, size); // so that the event loop never waits for the disk
    return reply.type('application/octet-stream').send(file.bytes(offset, size));
  });
  app.get('/records', (_, reply) => {
    reply.header('content-length', file.length).type('application/octet-stream');
    return reply.send(file.readable({ copy: true }));
  });
}
