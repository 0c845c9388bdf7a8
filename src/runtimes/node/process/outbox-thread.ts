import { once } from 'node:events';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { EndedRow } from '../../../delivery/ends.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import { unflatten, type Flat } from '../../../outbox/append-codec.ts';
import type { AppendResult } from '../delivery/append-queue.ts';
import { Runner } from '../delivery/delivery-runner.ts';
import type { DeliveryRunner, RunnerOptions } from '../delivery/runner-options.ts';
import type { NatsStart } from '../nats/open-nats.ts';
import type { ThreadReport } from './metrics.ts';
import { nodeSecrets } from './secrets.ts';
import { createSend } from '../vendors/send.ts';
import type { Stored, Withdrawal } from '../../../delivery/outbox.ts';

/**
 * The source of the thread's configuration: a module whose default export makes a `Gateway` out of `input`. A gateway
 * holds functions, so it cannot be sent between threads; its source can.
 */
export interface GatewaySource {
  /** File URL. */
  readonly module: string;
  readonly input: unknown;
}

/** What the thread is started with. */
export interface ThreadStart {
  /** The port on which `ThreadData` comes, once. */
  readonly orders: MessagePort;
  /** File URL of a module that will be the source. It is loaded meanwhile. */
  readonly source: string | undefined;
}

/** What the thread works on. */
export interface ThreadData {
  readonly source: GatewaySource;
  readonly dir: string;
  readonly name: string;
  readonly sink: string | undefined;
  readonly version: string;
  /** Other outboxes share the directory. */
  readonly shared: boolean;
  /**
   * Two numbers of the collecting side. First: appends with smaller numbers were refused, and must not be stored any
   * more. Second: how often it has held withdrawals back; nothing may be sent before they have come.
   */
  readonly givenUp: BigInt64Array<SharedArrayBuffer>;
  /** Withdrawals to be carried out before anything is sent. */
  readonly withdrawn: readonly Withdrawal[];
  /** The brokers that several gateways share, instead of a file. */
  readonly nats?: NatsStart | undefined;
  /** How often withdrawals had been held back until then. */
  readonly given: number;
}

/** Messages of the collecting thread. */
export type ToThread =
  | { readonly kind: 'append'; readonly first: number; readonly flat: Flat }
  /** Withdrawals held back until now, and how often that was. */
  | { readonly kind: 'withheld'; readonly count: number; readonly flat: Flat }
  | { readonly kind: 'reload'; readonly id: number; readonly source: GatewaySource }
  | { readonly kind: 'report'; readonly id: number }
  /** Whether the ends of events are reported. */
  | { readonly kind: 'watch'; readonly watched: boolean }
  | { readonly kind: 'stop'; readonly graceMs: number };

/** Messages of this thread. */
export type FromThread =
  | { readonly kind: 'started'; readonly state: ThreadState }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'appended'; readonly answers: readonly Answered[]; readonly state: ThreadState }
  | { readonly kind: 'state'; readonly state: ThreadState }
  | { readonly kind: 'reloaded'; readonly id: number; readonly problem: string | undefined }
  | { readonly kind: 'report'; readonly id: number; readonly report: ThreadReport }
  | { readonly kind: 'ended'; readonly rows: readonly EndedRow[] }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly msg: string;
      readonly fields: Readonly<Record<string, string | number>>;
    }
  | { readonly kind: 'stopped' };

/** Results of the appends `first`, `first + 1`, ...; a text says why one was not taken. */
export interface Answered {
  readonly first: number;
  readonly results: readonly (readonly Stored[] | string)[];
}

export interface ThreadState {
  readonly ready: boolean;
  readonly pending: number;
  /** Withdrawals that are in the thread's memory only. */
  readonly held: number;
  readonly stopped: Readonly<Record<string, string>>;
}

/** How often the state is sent when nothing else is, milliseconds. */
const TELL_MS = 250;

async function main(port: MessagePort, data: ThreadData): Promise<void> {
  let gateway: Gateway;
  try {
    gateway = await make(data.source);
  } catch (error) {
    port.postMessage({ kind: 'refused', message: messageOf(error) } satisfies FromThread);
    return;
  }
  const thread = new OutboxThread(port, data);
  try {
    await thread.start(gateway);
  } catch (error) {
    thread.abandon();
    port.postMessage({ kind: 'refused', message: messageOf(error) } satisfies FromThread);
  }
}

/** On a file, or on brokers. The modules for each are loaded only when they are used. */
async function openRunner(gateway: Gateway, options: RunnerOptions): Promise<DeliveryRunner> {
  if (options.nats === undefined) return new Runner(gateway, options);
  const { NatsRunner } = await import('../delivery/nats-runner.ts');
  return NatsRunner.open(gateway, options, options.nats);
}

/** The thread that owns the outbox. It does what the collecting thread says, and reports the results. */
class OutboxThread {
  readonly #port: MessagePort;
  readonly #tell: (message: FromThread) => void;
  readonly #send: ReturnType<typeof createSend>;
  readonly #secrets: ReturnType<typeof nodeSecrets>;
  readonly #data: ThreadData;
  #runner!: DeliveryRunner;
  readonly #answers: Answers;
  /** Called with the ends of events; undefined while no preview is open. */
  #ends: Ends | undefined;
  /** How often withdrawals that were held back have arrived. */
  #given: number;
  /** The state that was sent last. */
  #told = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, data: ThreadData) {
    this.#port = port;
    this.#data = data;
    this.#tell = (message) => port.postMessage(message);
    this.#given = data.given;
    this.#send = createSend({ sink: data.sink, version: data.version });
    this.#secrets = nodeSecrets({ sink: data.sink !== undefined, send: this.#send });
    this.#answers = new Answers((answers) => {
      this.#told = '';
      this.#tell({ kind: 'appended', answers, state: this.#state });
    });
  }

  async start(gateway: Gateway): Promise<void> {
    const data = this.#data;
    this.#runner = await openRunner(gateway, {
      dir: data.dir,
      name: data.name,
      send: this.#send,
      secrets: this.#secrets,
      log: (level, msg, fields) => this.#tell({ kind: 'log', level, msg, fields }),
      changed: () => setImmediate(() => this.#runner !== undefined && this.#tellState()),
      ended: () => this.#ends?.add,
      givenUp: () => Number(Atomics.load(data.givenUp, 0)),
      withheld: () => Number(Atomics.load(data.givenUp, 1)) > this.#given,
      shared: data.shared,
      withdrawn: data.withdrawn,
      nats: data.nats,
    });
    this.#timer = setInterval(() => this.#tellState(), TELL_MS);
    this.#port.on('message', (message: ToThread) => this.#hear(message));
    this.#tell({ kind: 'started', state: this.#state });
  }

  /** Nothing was started: the thread ends by itself. */
  abandon(): void {
    this.#send.close();
  }

  #hear(message: ToThread): void {
    switch (message.kind) {
      case 'append':
        this.#append(message.first, message.flat);
        return;
      case 'withheld':
        for (const append of unflatten(message.flat)) {
          this.#runner.append(append, () => {
            this.#given = Math.max(this.#given, message.count);
            this.#runner.resume();
          });
        }
        return;
      case 'watch':
        this.#ends = message.watched ? new Ends((rows) => this.#tell({ kind: 'ended', rows })) : undefined;
        return;
      case 'report':
        this.#tell({ kind: 'report', id: message.id, report: this.#runner.report() });
        return;
      case 'reload':
        void this.#reload(message.source).then((problem) => this.#tell({ kind: 'reloaded', id: message.id, problem }));
        return;
      case 'stop':
        void this.#stop(message.graceMs);
    }
  }

  #append(first: number, flat: Flat): void {
    let id = first;
    for (const append of unflatten(flat)) {
      const number = id++;
      this.#runner.append(append, (result) => this.#answers.add(number, result), number);
    }
  }

  /** Puts another configuration in force; returns why it cannot be used. */
  async #reload(source: GatewaySource): Promise<string | undefined> {
    let next: Gateway;
    try {
      next = await make(source);
    } catch (error) {
      return messageOf(error);
    }
    this.#secrets.reload();
    this.#runner.reload(next);
    return undefined;
  }

  async #stop(graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    await this.#runner.stop(graceMs);
    this.#send.close();
    this.#tell({ kind: 'stopped' });
    // Deno's port of a thread has no `close`; its scope does, as that of a web worker.
    if (typeof this.#port.close === 'function') this.#port.close();
    else close();
  }

  get #state(): ThreadState {
    const { ready, pending, held, stopped } = this.#runner;
    return { ready, pending, held, stopped };
  }

  #tellState(): void {
    const state = this.#state;
    const text = JSON.stringify(state);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell({ kind: 'state', state });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the configuration cannot be used';
}

async function make({ module, input }: GatewaySource): Promise<Gateway> {
  const { default: compile } = (await import(module)) as { default: (input: unknown) => Gateway | Promise<Gateway> };
  return compile(input);
}

/** The most ends in one message; a viewer cannot read more. */
const MOST_ENDS = 200;

/** Gathers the ends of events into few messages. */
class Ends {
  readonly #send: (rows: EndedRow[]) => void;
  #rows: EndedRow[] = [];

  constructor(send: (rows: EndedRow[]) => void) {
    this.#send = send;
  }

  readonly add = (row: EndedRow): void => {
    if (this.#rows.length >= MOST_ENDS) return;
    if (this.#rows.push(row) > 1) return;
    setTimeout(() => {
      const rows = this.#rows;
      this.#rows = [];
      this.#send(rows);
    }, 50);
  };
}

/** Collects the answers that are known in one turn into one message. Those of a commit follow one another. */
class Answers {
  readonly #send: (answers: readonly Answered[]) => void;
  #answers: Answered[] = [];
  #next = 0;
  #results: (readonly Stored[] | string)[] = [];

  constructor(send: (answers: readonly Answered[]) => void) {
    this.#send = send;
  }

  add(id: number, result: AppendResult): void {
    if (this.#answers.length === 0) queueMicrotask(() => this.#flush());
    if (this.#answers.length === 0 || id !== this.#next) {
      this.#results = [];
      this.#answers.push({ first: id, results: this.#results });
    }
    this.#next = id + 1;
    this.#results.push(result instanceof Error ? result.message : result);
  }

  #flush(): void {
    const answers = this.#answers;
    this.#answers = [];
    this.#send(answers);
  }
}

if (parentPort !== null) {
  const { orders, source } = workerData as ThreadStart;
  const ordered = once(orders, 'message') as Promise<[ThreadData]>;
  // A source that cannot be loaded is reported when it is used.
  if (source !== undefined) await import(source).catch(() => undefined);
  const [data] = await ordered;
  await main(parentPort, data);
}
