import { fork, type ChildProcess } from 'node:child_process';
import type { Show } from '../../../http/preview.ts';
import { beside } from './beside.ts';
import type { MetricData } from './metrics.ts';
import type { ServeOptions } from './serve-options.ts';
import { Unusable } from './unusable.ts';
import type { FromMember, ToMember } from './one-process.ts';

/** How long a process may take to send its metrics, milliseconds. Without an answer they are left out. */
const METRICS_PATIENCE = 2_000;
/** A graceful stop takes ten seconds at most (R61). A process that is not done then is killed. Milliseconds. */
const STOP_PATIENCE = 12_000;

/** One process, in the supervisor. */
export class Member {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (data: MetricData | undefined) => void>();
  #next = 0;
  /** Resolves when the process has ended for any cause. */
  readonly ended: Promise<void>;
  #started: { readonly resolve: (url: string) => void; readonly reject: (error: Error) => void } | undefined;

  /** `stopped` is called with its routes that wait for a person. */
  constructor(show: Show, stopped: (routes: Readonly<Record<string, string>>) => void) {
    this.#child = fork(beside('one-process'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#started?.reject(new Error('a process ended while it was starting'));
        for (const answer of this.#asked.values()) answer(undefined);
        resolve();
      });
    });
    this.#child.on('message', (message: FromMember) => {
      switch (message.kind) {
        case 'listening':
          this.#started?.resolve(message.url);
          return;
        case 'failed':
          this.#started?.reject(failure(message));
          return;
        case 'metrics':
          this.#asked.get(message.id)?.(message.data);
          return;
        case 'preview':
          show(message.message);
          return;
        case 'stopped':
          stopped(message.routes);
      }
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with the address once the process listens. */
  start(options: ServeOptions): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.tell({ kind: 'start', options });
    });
  }

  tell(message: ToMember): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Undefined where the process does not answer in time. */
  metrics(): Promise<MetricData | undefined> {
    const id = this.#next++;
    return new Promise<MetricData | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), METRICS_PATIENCE);
      this.#asked.set(id, (data) => {
        clearTimeout(timer);
        resolve(data);
      });
      this.tell({ kind: 'metrics', id });
    }).finally(() => this.#asked.delete(id));
  }

  /** @param drainMs how long it takes events before it stops, milliseconds */
  async stop(drainMs = 0): Promise<void> {
    this.tell({ kind: 'stop' });
    const timer = setTimeout(() => this.kill(), drainMs + STOP_PATIENCE);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function failure({ message, code }: Extract<FromMember, { kind: 'failed' }>): Error {
  return code === undefined ? new Unusable(message) : Object.assign(new Error(message), { code, syscall: 'listen' });
}
