import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { beside } from '../process/beside.ts';
import type { ThreadStart, WorkerData } from '../process/outbox-worker.ts';

/** What it holds is on disk; a young generation as large as the collecting side's would only take memory. */
const YOUNG_MB = 24;

/** What the thread of a running gateway makes its gateway with: of what has been read outside. */
export const GATEWAY_SOURCE = beside('gateway-source').href;

interface Thread {
  readonly worker: Worker;
  /** Where its one order goes: what it is to work on. */
  readonly orders: MessagePort;
}

let prepared: Thread | undefined;

/**
 * Starts a delivery thread ahead of time: it loads what it needs while this thread reads the configuration.
 * It does nothing before it is taken, and does not keep the process running.
 */
export function prepareThread(): void {
  prepared = create(GATEWAY_SOURCE);
  prepared.worker.unref();
  // Whoever needs it then meets the same fault in one of their own, and can say so.
  prepared.worker.on('error', () => {
    prepared = undefined;
  });
}

/** A delivery thread that goes to work on `data`: the prepared one, if there is one. */
export function takeThread(data: WorkerData): Worker {
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
  const worker = new Worker(beside('outbox-worker'), {
    workerData,
    transferList: [port2],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  return { worker, orders: port1 };
}
