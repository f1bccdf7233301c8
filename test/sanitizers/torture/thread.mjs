// A worker thread of the torture program: uses each file whose token it is sent.
import { parentPort, workerData } from 'node:worker_threads';
import { use } from './use.mjs';

parentPort.on('message', async (task) => parentPort.postMessage(await use(task, workerData)));
