import { Preview } from '../../../http/preview.ts';
import { forgetHeld } from '../../../outbox/sql/held-flag.ts';
import { lockData } from './data-lock.ts';
import { rootKey } from './keys.ts';
import { adminListener, close, listen, urlOf } from './listeners.ts';
import { createLog, type JsonLog } from './log.ts';
import { Member } from './member.ts';
import { addUp } from './metrics.ts';
import { demandPrivate, makePrivately } from './private-files.ts';
import { readGateway } from './read-gateway.ts';
import type { ServeOptions } from './serve-options.ts';
import { Unusable } from './unusable.ts';
import { stopOnSignals } from './signals.ts';
import type { ToMember } from './one-process.ts';

/** What the command line needs of several processes. */
export interface RunningProcesses {
  readonly url: string;
  readonly adminUrl: string;
  /** Process ids of the running processes, by index. */
  readonly pids: () => readonly (number | undefined)[];
  readonly stopped: Promise<number>;
  readonly stop: () => Promise<void>;
}

/** After this time a process that ended is started again; the time doubles with each end, milliseconds. */
const FIRST_BACKOFF = 250;
const LONGEST_BACKOFF = 30_000;
/** A process that has run this long starts with the first waiting time again, milliseconds. */
const STEADY = 60_000;

/** Options of several processes: the same as of one, but the viewers are here. */
export type ProcessesOptions = Omit<ServeOptions, 'watcher' | 'show' | 'stopped' | 'extend' | 'member'> & {
  readonly admin: string;
};

/**
 * Several processes behind one port, each with its own outbox, so that more than one core accepts. This process
 * supervises them, and has the admin listener with the sum of their metrics. Withdrawals reach every outbox through the
 * file they share (`withdrawal-log.ts`). Repeats of an event id are recognised within one process only.
 * @throws Unusable, and the errors of listening
 */
export async function startProcesses(count: number, options: ProcessesOptions): Promise<RunningProcesses> {
  const log = createLog();
  // The warnings are given once, here, and the key is made before a process needs it.
  const { text, file, sink, data, brokers } = options;
  makePrivately();
  demandPrivate(data);
  const { input } = readGateway({ text, file, sink: sink !== undefined, brokers, rootKey: () => rootKey(data) });
  if (input.config.delivery.outbox !== 'sqlite')
    throw new Unusable(
      `${file}: --processes shares files of one machine, and delivery.outbox has brokers: start a gateway for each core instead, each with its own --listen and --data`,
    );
  const lock = lockData(data);
  forgetHeld(data);

  const members = new Members(count, options, log);
  const admin = adminListener(() => members.metrics(), members.preview, options.adminToken, log);
  let url: string;
  try {
    url = await members.start(() => listen(admin, options.admin));
  } catch (error) {
    await members.abandon();
    lock.release();
    throw error;
  }

  const { promise: stopped, resolve: finish } = Promise.withResolvers<number>();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      process.off('SIGHUP', reload);
      await Promise.all([close(admin, options.drainMs), members.stop()]);
      // Until then a second signal ends everything at once.
      unlisten();
      lock.release();
      log.info('all processes stopped', { count });
      finish(0);
    })());
  const reload = (): void => members.tell({ kind: 'reload' });
  process.on('SIGHUP', reload);
  const unlisten = stopOnSignals(stop, () => members.kill());

  const adminUrl = urlOf(admin);
  log.info('listening', { url });
  log.info('admin listening', { url: adminUrl });
  return { url, adminUrl, pids: () => members.pids, stopped, stop };
}

/** The processes. Each is kept running until all of them stop. */
class Members {
  readonly preview: Preview;
  readonly #count: number;
  readonly #options: ProcessesOptions;
  readonly #log: JsonLog;
  readonly #members: (Member | undefined)[] = [];
  #watched = false;
  #stopping = false;

  constructor(count: number, options: ProcessesOptions, log: JsonLog) {
    this.#count = count;
    this.#options = options;
    this.#log = log;
    this.preview = new Preview((watched) => {
      this.#watched = watched;
      this.tell({ kind: 'watched', watched });
    });
  }

  get pids(): readonly (number | undefined)[] {
    return this.#members.map((member) => member?.pid);
  }

  get #running(): readonly Member[] {
    return this.#members.filter((member) => member !== undefined);
  }

  /** Starts all of them; `ready` is done before any is started again. Returns the address that they share. */
  async start(ready: () => Promise<void>): Promise<string> {
    const { listen: wanted } = this.#options;
    // If any port will do, the first process finds one, and the others use the same.
    const free = wanted.endsWith(':0');
    const first = this.#startOne(0, wanted);
    const address = free ? new URL(await first).host : wanted;
    await Promise.all(Array.from({ length: this.#count - 1 }, (_, i) => this.#startOne(i + 1, address)));
    const url = await first;
    await ready();
    for (let index = 0; index < this.#count; index++) void this.#keep(index, address);
    return url;
  }

  tell(message: ToMember): void {
    for (const member of this.#running) member.tell(message);
  }

  /** The sum of their metrics, as Prometheus reads them. */
  async metrics(): Promise<string> {
    const each = await Promise.all(this.#running.map((member) => member.metrics()));
    return addUp(each.filter((found) => found !== undefined));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running.map((member) => member.stop(this.#options.drainMs)));
  }

  /** Stops the started ones after one could not start. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    for (const member of this.#running) await member.stop();
  }

  kill(): void {
    for (const member of this.#running) member.kill();
  }

  async #startOne(index: number, address: string): Promise<string> {
    const member = new Member(this.preview.show, (routes) => this.preview.stoppedIn(index, routes));
    const url = await member.start({
      ...this.#options,
      listen: address,
      admin: undefined,
      adminToken: undefined,
      member: { index, count: this.#count },
    });
    this.#members[index] = member;
    member.tell({ kind: 'watched', watched: this.#watched });
    return url;
  }

  /** Keeps one of them running until everything stops. */
  async #keep(index: number, address: string): Promise<void> {
    let backoff = FIRST_BACKOFF;
    for (;;) {
      const member = this.#members[index];
      const begun = performance.now();
      if (member !== undefined) {
        await member.ended;
        this.#members[index] = undefined;
        this.preview.stoppedIn(index, {});
      }
      if (this.#stopping) return;
      backoff = performance.now() - begun > STEADY ? FIRST_BACKOFF : Math.min(backoff * 2, LONGEST_BACKOFF);
      this.#log.error('a process ended and is started again', { count: index, ms: backoff });
      await new Promise((resolve) => setTimeout(resolve, backoff));
      if (this.#stopping) return;
      await this.#startOne(index, address).catch(() => undefined);
    }
  }
}
