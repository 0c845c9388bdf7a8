/**
 * `npm run bench -- --against <commit> --rate 1000 [--five] [--pairs 10] [--seconds 5]`: whole hits, accepted and delivered
 * to GA4, that come at a usual rate, where nothing gathers by itself; with `--five`, hits of two events on five routes.
 * This checkout, the other version and, with one route, walkerOS's collector where it is installed (`peers/walkeros.ts`)
 * run all the time and take turns, there and back. Prints what a hit takes of each, and the ratios to this checkout.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { k6 } from './load.ts';
import type { Server } from './processes.ts';
import { shown } from './ratios.ts';
import { queue, received, startGateway, startPeer, startSink, type GatewayServer } from './servers.ts';
import { endedTime, memory, processorTime, written } from './system.ts';

const FIVE_ROUTES = readFileSync(join(import.meta.dirname, 'five-routes.yaml'), 'utf8');

/** What one whole hit takes; p50 and p99 are those of the answer, as the load generator sees them. */
interface Taken {
  /** Microseconds of processor time, all threads. */
  readonly cpu: number;
  /** Bytes written to the disk. */
  readonly written: number;
  readonly flushes: number;
  readonly p50: number;
  readonly p99: number;
  /** Megabytes of the process after the turn. */
  readonly memory: number;
  /** Cores that unrelated programs used meanwhile: where hits wait for a core, they gather by that. */
  readonly strangers: number;
}

const UNITS = {
  cpu: 'us of processor time',
  written: 'bytes written',
  flushes: 'flushes to the disk',
  p50: 'ms p50',
  p99: 'ms p99',
  memory: 'MB of memory',
  strangers: 'cores in other hands',
} as const;

/** Seconds after the start in which a process counts as cold. */
const COLD = 6;

export interface WholeHits {
  /** Hits a second. */
  readonly rate: number;
  /** Two events on five routes, in place of one event to GA4. */
  readonly five: boolean;
  readonly pairs: number;
  readonly seconds: number;
}

interface Contestant {
  readonly name: string;
  readonly server: Server;
  /** How many of `sent` hits have not reached the vendors yet. */
  readonly missing: (sent: number) => Promise<number>;
}

/** Runs the comparison and prints it. `mains` are this version's program and the other's. */
export async function wholeHits(mains: readonly [string, string], plan: WholeHits): Promise<void> {
  const sink = await startSink();
  const contestants = await started(mains, sink, plan.five);
  const hits = webHits(512, { choice: 'granted', ...(plan.five && { purchase: true, events: 2 }) });
  try {
    for (const { name, server } of contestants) {
      const { p99 } = await k6(server.url, hits, { rate: plan.rate, seconds: COLD });
      console.log(`${name}: ${p99.toFixed(1)} ms p99 in the first ${COLD} seconds`);
    }
    const turns = contestants.map((): Taken[] => []);
    for (let pair = 0; pair < plan.pairs; pair++) {
      // There and back, so that whoever comes second is not always the same.
      const order = contestants.map((_, i) => i);
      for (const i of pair % 2 === 0 ? order : order.toReversed())
        turns[i]?.push(await turn(contestants[i] as Contestant, sink, hits, plan));
    }
    print(contestants, turns);
  } finally {
    await Promise.all([...contestants.map(({ server }) => server), sink].map((server) => server.stop()));
  }
}

async function started(mains: readonly [string, string], sink: Server, five: boolean): Promise<Contestant[]> {
  const config = five ? FIVE_ROUTES : GA4_ONLY;
  const bySink = async (sent: number): Promise<number> => sent - (await received(sink));
  const gateway = async (name: string, main: string): Promise<Contestant> => {
    const server: GatewayServer = await startGateway({ config, sink: sink.url, main });
    // A batch is one request of several events, so with batches the queue says what is missing.
    return { name, server, missing: five ? async () => (await queue(server)).waiting : bySink };
  };
  const list = [await gateway('here', mains[0]), await gateway('there', mains[1])];
  if (!five && existsSync(join(import.meta.dirname, 'peers/node_modules/@walkeros/collector')))
    list.push({ name: 'walkerOS', server: await startPeer('walkeros', [sink.url]), missing: bySink });
  return list;
}

function print([own, ...others]: readonly Contestant[], [first = [], ...rest]: readonly (readonly Taken[])[]): void {
  for (const [key, unit] of Object.entries(UNITS) as [keyof Taken, string][]) {
    const of = (turns: readonly Taken[]): string => shown(turns.map((one) => one[key]));
    const beside = others.map(({ name }, i) => {
      const turns = rest[i] ?? [];
      const ratios = first.map((one, pair) => one[key] / (turns[pair]?.[key] ?? NaN));
      return `${of(turns)} ${name}, ratio ${shown(ratios)}`;
    });
    console.log(`${unit}: ${of(first)} ${own?.name ?? ''}; ${beside.join('; ')}`);
  }
}

async function turn(
  { server: { url, pid }, missing }: Contestant,
  sink: Server,
  hits: readonly BenchRequest[],
  { rate, seconds }: WholeHits,
): Promise<Taken> {
  const before = { cpu: processorTime(pid).all, written: written(pid), delivered: await received(sink) };
  const [began, all, ours] = [performance.now(), busy(), processorTime(process.pid).all + endedTime()];
  const flushes = countFlushes(pid);
  const { requests, failed, p50, p99 } = await k6(url, hits, { rate, seconds });
  if (failed > 0) throw new Error(`${failed} of ${requests} hits failed`);
  for (const end = performance.now() + 5_000; (await missing(before.delivered + requests)) > 0; ) {
    if (performance.now() > end) throw new Error('what was accepted is not delivered');
    // Seldom: to be asked for its metrics costs a gateway processor time, too.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const strangers = busy() - all - (processorTime(process.pid).all + endedTime() - ours);
  return {
    strangers: strangers / (performance.now() - began) / 1000,
    cpu: (processorTime(pid).all - before.cpu) / requests,
    written: (written(pid) - before.written) / requests,
    flushes: (await flushes()) / requests,
    memory: memory(pid).rss,
    p50,
    p99,
  };
}

/** Processor time that all programs of the machine have used so far, microseconds. */
function busy(): number {
  // Ticks of a hundredth of a second: user, nice, system, then idle and waiting for the disk.
  const [user = 0, nice = 0, system = 0] = (/^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '')
    .split(' ')
    .map(Number);
  return (user + nice + system) * 10_000;
}

/**
 * Counts how often a process has the disk flushed, until the answer is called. Not a number where `perf` is not there or
 * may not look.
 */
function countFlushes(pid: number): () => Promise<number> {
  const events = ['fsync', 'fdatasync'].flatMap((name) => ['-e', `syscalls:sys_enter_${name}`]);
  const perf = spawn('perf', ['stat', '-x', ',', ...events, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  perf.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise((resolve) => perf.once('close', resolve).once('error', resolve));
  return async () => {
    perf.kill('SIGINT');
    await ended;
    return text === '' ? NaN : text.split('\n').reduce((sum, line) => sum + Number(line.split(',')[0]), 0);
  };
}
