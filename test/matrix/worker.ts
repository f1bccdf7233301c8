// The worker thread of a matrix process: it uses an attached handle as it is told to.
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Calls, closing, type Handle, loadClasses, targetOf, toClass } from './handles.js';
import { look } from './look.js';
import type { Order } from './protocol.js';

const classes = await loadClasses(workerData.flavour);
let handle: Handle | undefined;
let calls: Calls | undefined;

async function obey(order: Order): Promise<unknown> {
  switch (order.order) {
    case 'attach': {
      const { type, token, member, place } = order;
      handle = toClass(classes, type).attach(token);
      calls =
        member && place
          ? new Calls(member, targetOf(member, classes, handle, place), handle, place)
          : undefined;
      return undefined;
    }
    case 'call':
      for (let count = 0; count < order.count; ++count) {
        calls?.start();
        if (count % 2 === 1) await setImmediate();
      }
      await calls?.ended();
      return { notes: calls?.notes.list ?? [], written: calls?.notes.written ?? [] };
    case 'look':
      return [handle, ...(calls?.notes.kept ?? [])].map((each) => look(each as Handle));
    case 'close':
      for (const each of [...(calls?.notes.kept ?? []), handle]) await closing(each as Handle);
      return undefined;
  }
}

parentPort?.on('message', async (order: Order) => {
  try {
    parentPort?.postMessage({ value: await obey(order) });
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.stack : String(error) });
  }
});
parentPort?.postMessage({ value: 'ready' });
