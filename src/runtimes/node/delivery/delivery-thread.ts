import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { beside } from '../process/beside.ts';
import type { ThreadStart, ThreadData } from '../process/outbox-thread.ts';

/**
 * The data of this thread is on disk. A young generation as large as that of the collecting side would only take
 * memory.
 */
const YOUNG_MB = 24;

/** The module that makes the thread's gateway from the configuration that was already read. */
export const GATEWAY_SOURCE = beside('gateway-source').href;

interface Thread {
  readonly worker: Worker;
  /** The channel of the thread's one order: what to work on. */
  readonly orders: MessagePort;
}

let prepared: Thread | undefined;

/**
 * Starts a delivery thread ahead of time: it loads its modules while this thread reads the configuration. Until it gets
 * its order it does nothing, and it does not keep the process running.
 */
export function prepareThread(): void {
  prepared = create(GATEWAY_SOURCE);
  prepared.worker.unref();
  // The thread that is started later meets the same fault and reports it.
  prepared.worker.on('error', () => {
    prepared = undefined;
  });
}

/** A delivery thread that starts work on `data`: the prepared one, if there is one. */
export function takeThread(data: ThreadData): Worker {
  const { worker, orders } = prepared ?? create(undefined);
  prepared = undefined;
  worker.ref();
  orders.postMessage(data, []);
  orders.close();
  return worker;
}

function create(source: string | undefined): Thread {
  const { port1, port2 } = new MessageChannel();
  const workerData: ThreadStart = { orders: port2, source };
  const worker = new Worker(beside('outbox-thread'), {
    workerData,
    transferList: [port2],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  return { worker, orders: port1 };
}
