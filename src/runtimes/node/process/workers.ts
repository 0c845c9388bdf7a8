import { fork, type ChildProcess } from 'node:child_process';
import { Preview, type Show } from '../../../http/preview.ts';
import { beside } from './beside.ts';
import { lockData } from './data-lock.ts';
import { forgetHeld } from '../../../outbox/sql/held-flag.ts';
import { rootKey } from './keys.ts';
import { createLog } from './log.ts';
import { addUp, type MetricData } from './metrics.ts';
import { demandPrivate, makePrivately } from './private-files.ts';
import { readGateway } from './read-gateway.ts';
import { adminListener, close, listen, urlOf, type ServeOptions } from './serve.ts';
import { Unusable } from './unusable.ts';
import type { FromMember, ToMember } from './worker.ts';

/** What the command line needs of several processes. */
export interface RunningWorkers {
  readonly url: string;
  readonly adminUrl: string;
  /** Process ids of those that run, by index. */
  readonly pids: () => readonly (number | undefined)[];
  readonly stopped: Promise<number>;
  readonly stop: () => Promise<void>;
}

/** A process that ended is started again after so long, twice as long each time, milliseconds. */
const FIRST_BACKOFF = 250;
const LONGEST_BACKOFF = 30_000;
/** Who has run so long starts again at the first backoff, milliseconds. */
const STEADY = 60_000;
/** How long a process may take to hand over its metrics, milliseconds; without an answer they are left out. */
const METRICS_PATIENCE = 2_000;
/** A graceful stop takes ten seconds at most (R61); who is not done then is killed. Milliseconds. */
const STOP_PATIENCE = 12_000;

/**
 * Several processes behind one port, an outbox each: more than one core accepts. This one supervises, and has the admin
 * listener with the sum of their metrics. Withdrawals reach every outbox through the file they share
 * (`withdrawal-log.ts`). Repeats of an event id are recognised within one process only.
 * @throws Unusable, and the errors of listening
 */
export async function startWorkers(
  count: number,
  options: Omit<ServeOptions, 'watcher' | 'show' | 'stopped' | 'extend' | 'member'> & { readonly admin: string },
): Promise<RunningWorkers> {
  const log = createLog();
  // Said once, here, and the key is made before anybody needs it.
  const { text, file, sink, data } = options;
  makePrivately();
  demandPrivate(data);
  readGateway({ text, file, sink: sink !== undefined, rootKey: rootKey(data) });
  const lock = lockData(data);
  forgetHeld(data);

  const members: (Member | undefined)[] = [];
  let watched = false;
  let stopping: Promise<void> | undefined;
  const tellAll = (message: ToMember): void => members.forEach((member) => member?.tell(message));

  const preview = new Preview((now) => {
    watched = now;
    tellAll({ kind: 'watched', watched });
  });
  const metrics = async (): Promise<string> => {
    const each = await Promise.all(members.flatMap((member) => (member === undefined ? [] : [member.metrics()])));
    return addUp(each.filter((found) => found !== undefined));
  };
  const admin = adminListener(metrics, preview, options.adminToken, log);

  const start = async (index: number, address: string): Promise<string> => {
    const member = new Member(preview.show, (routes) => preview.stoppedIn(index, routes));
    const url = await member.start({
      ...options,
      listen: address,
      admin: undefined,
      adminToken: undefined,
      member: { index, count },
    });
    members[index] = member;
    member.tell({ kind: 'watched', watched });
    return url;
  };
  /** Keeps one of them running until everything stops. */
  const keep = async (index: number, address: string): Promise<void> => {
    let backoff = FIRST_BACKOFF;
    for (;;) {
      const member = members[index];
      const begun = performance.now();
      if (member !== undefined) {
        await member.ended;
        members[index] = undefined;
        preview.stoppedIn(index, {});
      }
      if (stopping !== undefined) return;
      backoff = performance.now() - begun > STEADY ? FIRST_BACKOFF : Math.min(backoff * 2, LONGEST_BACKOFF);
      log.error('a worker process ended and is started again', { count: index, ms: backoff });
      await new Promise((resolve) => setTimeout(resolve, backoff));
      if (stopping !== undefined) return;
      await start(index, address).catch(() => undefined);
    }
  };

  let url: string;
  try {
    // Where any port will do, the first one finds out which it is, and the others join it there.
    const free = options.listen.endsWith(':0');
    const first = start(0, options.listen);
    const address = free ? new URL(await first).host : options.listen;
    await Promise.all(Array.from({ length: count - 1 }, (_, i) => start(i + 1, address)));
    url = await first;
    await listen(admin, options.admin);
    for (let index = 0; index < count; index++) void keep(index, address);
  } catch (error) {
    stopping = Promise.resolve();
    for (const member of members) await member?.stop();
    lock.release();
    throw error;
  }

  let finish: (code: number) => void = () => {};
  const stopped = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      process.off('SIGHUP', reload);
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      await Promise.all([close(admin), ...members.map((member) => member?.stop())]);
      lock.release();
      log.info('all workers stopped', { count });
      finish(0);
    })());
  const reload = (): void => tellAll({ kind: 'reload' });
  const onSignal = (): void => {
    // A second signal means now.
    const now = (): void => {
      for (const member of members) member?.kill();
      process.exit(1);
    };
    process.once('SIGTERM', now);
    process.once('SIGINT', now);
    void stop();
  };
  process.on('SIGHUP', reload);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  const adminUrl = urlOf(admin);
  log.info('listening', { url });
  log.info('admin listening', { url: adminUrl });
  return { url, adminUrl, pids: () => members.map((member) => member?.pid), stopped, stop };
}

/** One process, seen from its supervisor. */
class Member {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (data: MetricData | undefined) => void>();
  #next = 0;
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<void>;
  #started: { readonly resolve: (url: string) => void; readonly reject: (error: Error) => void } | undefined;

  /** `stopped` is told which of its routes wait for a person. */
  constructor(show: Show, stopped: (routes: Readonly<Record<string, string>>) => void) {
    this.#child = fork(beside('worker'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#started?.reject(new Error('a worker process ended while it was starting'));
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

  /** Resolves with the address once it listens. */
  start(options: ServeOptions): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.tell({ kind: 'start', options });
    });
  }

  tell(message: ToMember): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Undefined where it does not answer in time. */
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

  async stop(): Promise<void> {
    this.tell({ kind: 'stop' });
    const timer = setTimeout(() => this.kill(), STOP_PATIENCE);
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
