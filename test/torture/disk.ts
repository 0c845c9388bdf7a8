import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { temporary, type Served } from '../support/serve.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, startLoad, type Tally } from './support/load.ts';
import { fine, startSink, type Sink } from './support/sink.ts';
import { compare, drained, unbalanced, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, eventId, purchases, type RouteName } from './support/world.ts';

const ROUTES: readonly RouteName[] = ['meta'];

/** A way in which a disk fails and recovers. */
interface Trouble {
  readonly name: string;
  /** Whether this machine and user can do that. */
  readonly possible: () => boolean;
  /** Where the data directory is to be; it exists already. */
  readonly mount?: (dir: string) => void;
  readonly unmount?: (dir: string) => void;
  readonly delivery?: string;
  /** Things in each basket: how large events are. */
  readonly basket?: number;
  /** The vendor does not answer while it lasts, so that nothing leaves the outbox. */
  readonly vendorDown?: boolean;
  readonly begin: (gateway: Served) => void | (() => void);
  readonly end: (gateway: Served) => void;
  readonly fullOnly?: boolean;
  /**
   * Writes hang: the commit that was under way may end after its events were refused. They are stored after all, and the
   * sums do not come out; what came later must not be.
   */
  readonly hangs?: boolean;
  /** How long until the first 503 at most, milliseconds. */
  readonly within?: number;
}

const can = (command: string, args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const run = (command: string, ...args: string[]): void => void execFileSync(command, args, { stdio: 'ignore' });

const root = process.getuid?.() === 0;
export const canMount = (): boolean => {
  if (!root) return false;
  const dir = temporary();
  if (!can('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir])) return false;
  run('umount', dir);
  return true;
};
const tmpfs = (size: string) => ({
  mount: (dir: string) => run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir),
  unmount: (dir: string) => run('umount', '-l', dir),
});

const FILLER = 'filler';
let lock: DatabaseSync | undefined;

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'max_size reached while the vendor is down',
    possible: () => true,
    delivery: 'max_size: 1MB',
    vendorDown: true,
    begin: () => {},
    end: () => {},
  },
  {
    name: 'disk full of our own events',
    possible: canMount,
    ...tmpfs('16m'),
    basket: 60,
    vendorDown: true,
    begin: () => {},
    end: () => {},
    within: 30_000,
  },
  {
    name: 'disk full of something else',
    possible: canMount,
    ...tmpfs('8m'),
    begin: ({ data }) => {
      // As much as there is room for.
      can('dd', ['if=/dev/zero', `of=${join(data, FILLER)}`, 'bs=4k']);
    },
    end: ({ data }) => rmSync(join(data, FILLER)),
  },
  {
    name: 'no file may grow (RLIMIT_FSIZE)',
    possible: () => can('prlimit', ['--version']),
    begin: ({ child }) => run('prlimit', `--pid=${child.pid}`, '--fsize=4096:unlimited'),
    end: ({ child }) => run('prlimit', `--pid=${child.pid}`, '--fsize=unlimited:unlimited'),
  },
  {
    name: 'files made read-only',
    possible: () => root && can('chattr', ['-i', temporary()]),
    begin: ({ data }) => run('chattr', '+i', ...databaseFiles(data)),
    end: ({ data }) => run('chattr', '-i', ...databaseFiles(data)),
  },
  {
    name: 'slow: writes take seconds',
    possible: () => true,
    // Whoever holds the lock of the file makes every commit wait.
    begin: ({ data }) => {
      lock = new DatabaseSync(join(data, 'outbox.sqlite'), { timeout: 5_000 });
      lock.exec('BEGIN IMMEDIATE');
    },
    end: () => {
      lock?.exec('ROLLBACK');
      lock?.close();
    },
    // Two seconds for the first commit that meets the lock. What is tried against it after that does not wait for it.
    within: 6_000,
  },
  {
    name: 'frozen: writes never end',
    possible: () => canMount() && can('fsfreeze', ['--version']) && existsSync('/usr/sbin/mkfs.ext4'),
    mount: (dir) => {
      const image = `${dir}.img`;
      run('dd', 'if=/dev/zero', `of=${image}`, 'bs=1M', 'count=32');
      run('mkfs.ext4', '-q', image);
      run('mount', '-o', 'loop', image, dir);
    },
    unmount: (dir) => {
      run('umount', '-l', dir);
      rmSync(`${dir}.img`);
    },
    begin: ({ data }) => run('fsfreeze', '-f', data),
    end: ({ data }) => run('fsfreeze', '-u', data),
    fullOnly: true,
    hangs: true,
    within: 25_000,
  },
];

/**
 * Without the index in shared memory: it is written through a memory map, where the system answers a failed write by
 * ending the process (docs/durability.md).
 */
function databaseFiles(data: string): string[] {
  return readdirSync(data)
    .filter((name) => /\.sqlite(-wal)?$/.test(name))
    .map((name) => join(data, name));
}

/** Full, read-only and slow disks: 503 with Retry-After, never a 204 for what is not stored; recovery without a hand. */
export async function disk({ full, say }: Form): Promise<Summary> {
  const started = performance.now();
  const problems: string[] = [];
  const figures: Record<string, string> = {};
  const sums = { acknowledged: 0, delivered: 0, duplicates: 0 };
  for (const trouble of TROUBLES) {
    if (trouble.fullOnly === true && !full) continue;
    if (!trouble.possible()) {
      figures[trouble.name] = 'not possible here';
      continue;
    }
    say(trouble.name);
    const seen = await suffer(trouble);
    problems.push(...seen.problems.map((problem) => `${trouble.name}: ${problem}`));
    figures[trouble.name] = seen.figure;
    sums.acknowledged += seen.acknowledged;
    sums.delivered += seen.delivered;
    sums.duplicates += seen.duplicates;
  }
  return { ...sums, otherwise: 0, seconds: (performance.now() - started) / 1000, figures, problems };
}

export async function suffer(
  trouble: Trouble,
): Promise<{ problems: string[]; figure: string; acknowledged: number; delivered: number; duplicates: number }> {
  const data = temporary();
  trouble.mount?.(data);
  const sink = await startSink();
  const tally = newTally();
  const problems: string[] = [];
  const refused = () => tally.statuses.get(503) ?? 0;
  const accepted = () => tally.statuses.get(204) ?? 0;
  const gateway = await startGateway({ config: configOf(ROUTES, trouble.delivery), sink: sink.url, data });
  const make = (numbers: readonly number[]) => purchases(numbers, numbers[0], trouble.basket);
  const back = Promise.withResolvers<void>();
  const load = startLoad({ url: gateway.url, clients: 8, events: 5, pauseMs: 5, make }, tally);
  try {
    await until('events are taken', () => accepted() > 20);
    if (trouble.vendorDown === true) sink.answer('meta', async (_, ids) => (await back.promise, fine('meta', ids)));
    trouble.begin(gateway);
    const began = performance.now();
    const tooLate = trouble.hangs === true ? askLater(gateway) : [];
    await until('the first 503', () => refused() > 0, trouble.within ?? 15_000);
    const first = performance.now() - began;
    await pause(500);
    // Between two refusals nothing may have been taken that is not stored: what was is counted at the end.
    const ready = await ask(gateway.url, { method: 'GET', path: '/readyz' });
    if (ready.status !== 503) problems.push(`/readyz answers ${ready.status}`);
    const late = await tooLate;
    for (const { status } of late) if (status !== 503) problems.push(`answer of ${status} while writes hang`);
    sink.answer('meta', undefined);
    back.resolve();
    trouble.end(gateway);
    const ended = performance.now();
    const before = accepted();
    await until('events are taken again', () => accepted() > before + 20, 45_000);
    const again = performance.now() - ended;
    await load.stop();
    const metrics = await drained(gateway, 45_000);
    let figure = `503 after ${first.toFixed(0)} ms, ${refused()} of them; taken again after ${again.toFixed(0)} ms`;
    if (trouble.hangs === true) {
      const stored = late.filter(({ n }) => sink.accepted('meta').has(eventId(n))).length;
      if (stored > 0) problems.push(`${stored} of ${late.length} events were stored after they had been refused`);
      const hanging = sink.accepted('meta').size - tally.acknowledged.size;
      figure += `; of the commit that hung ${hanging} events were stored after all, of what came later ${stored}`;
    } else {
      problems.push(...unbalanced(metrics, ROUTES));
    }
    return { ...settle(tally, sink, problems), problems, figure };
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error), gateway.log().slice(-1_500));
    return { ...settle(tally, sink, problems), problems, figure: 'did not recover' };
  } finally {
    await load.stop();
    await gateway.stop('SIGKILL');
    await sink.close();
    trouble.unmount?.(data);
  }
}

/** Events asked to be taken when the commit that hangs has long begun. */
async function askLater({ url }: Served): Promise<{ n: number; status: number }[]> {
  await pause(2_000);
  const numbers = Array.from({ length: 20 }, (_, i) => 5_000_000 + i);
  return Promise.all(numbers.map(async (n) => ({ n, status: (await ask(url, purchases([n]))).status })));
}

function settle(tally: Tally, sink: Sink, problems: string[]): ReturnType<typeof compare> {
  const counts = compare(tally.acknowledged, sink, ROUTES);
  problems.push(...wrongAnswers(tally));
  if (counts.missing.length > 0) problems.push(`${counts.missing.length} events answered 204 never reached the vendor`);
  for (const [code, n] of tally.unanswered) problems.push(`${n} requests without an answer: ${code}`);
  return counts;
}

/** Starts with a data directory that cannot be written at all; says what became of that. */
export async function startReadOnly(): Promise<string> {
  const data = temporary();
  run('mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', data);
  try {
    await startGateway({ config: configOf(ROUTES), sink: 'http://127.0.0.1:9', args: ['--data', join(data, 'more')] });
    return 'it started';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    run('umount', '-l', data);
  }
}
