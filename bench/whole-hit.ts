/**
 * `npm run bench -- --against <commit> --rate 1000 [--pairs 10] [--seconds 5]`: whole hits, accepted and delivered to GA4,
 * that come at a usual rate, where nothing gathers by itself. This checkout and the other version run all the time and
 * take turns, there and back. Prints what a hit takes of each, and the ratios of the pairs.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { shown } from './ratios.ts';
import { k6 } from './load.ts';
import { type Server } from './processes.ts';
import { received, startGateway, startSink, type GatewayServer } from './servers.ts';
import { endedTime, processorTime } from './system.ts';

/** What one whole hit takes; p50 and p99 are those of the answer, as the load generator sees them. */
interface Taken {
  /** Microseconds of processor time, all threads. */
  readonly cpu: number;
  /** Bytes written to the disk. */
  readonly written: number;
  readonly flushes: number;
  readonly p50: number;
  readonly p99: number;
  /** Cores that programs which have nothing to do with this had meanwhile: where hits wait for a core, they gather by that. */
  readonly strangers: number;
}

const UNITS = {
  cpu: 'us of processor time',
  written: 'bytes written',
  flushes: 'flushes to the disk',
  p50: 'ms p50',
  p99: 'ms p99',
  strangers: 'cores in other hands',
} as const;

/** Runs the comparison and prints it. `mains` are this version's program and the other's. */
export async function wholeHits(
  mains: readonly [string, string],
  rate: number,
  pairs: number,
  seconds: number,
): Promise<void> {
  const hits = webHits(512, { choice: 'granted' });
  const sink = await startSink();
  const gateways = await Promise.all(mains.map((main) => startGateway({ config: GA4_ONLY, sink: sink.url, main })));
  const [own, other] = gateways as [GatewayServer, GatewayServer];
  try {
    for (const { url } of gateways) await k6(url, hits, { rate, seconds: 6 });
    const turns: (readonly [Taken, Taken])[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const first = await turn(pair % 2 === 0 ? own : other, sink, hits, rate, seconds);
      const second = await turn(pair % 2 === 0 ? other : own, sink, hits, rate, seconds);
      turns.push(pair % 2 === 0 ? [first, second] : [second, first]);
    }
    for (const [key, unit] of Object.entries(UNITS) as [keyof Taken, string][]) {
      const [a, b] = [turns.map(([one]) => one[key]), turns.map(([, one]) => one[key])];
      const ratios = turns.map(([one, two]) => one[key] / two[key]);
      console.log(`${unit}: ${shown(a)} here, ${shown(b)} there, ratio ${shown(ratios)}`);
    }
  } finally {
    await Promise.all([...gateways, sink].map((server) => server.stop()));
  }
}

async function turn(
  { url, pid }: Server,
  sink: Server,
  hits: readonly BenchRequest[],
  rate: number,
  seconds: number,
): Promise<Taken> {
  const before = { cpu: processorTime(pid).all, written: written(pid), delivered: await received(sink) };
  const [began, all, ours] = [performance.now(), busy(), processorTime(process.pid).all + endedTime()];
  const flushes = countFlushes(pid);
  const { requests, failed, p50, p99 } = await k6(url, hits, { rate, seconds });
  if (failed > 0) throw new Error(`${failed} of ${requests} hits failed`);
  for (const end = performance.now() + 5_000; (await received(sink)) < before.delivered + requests; ) {
    if (performance.now() > end) throw new Error('what was accepted is not delivered');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const strangers = busy() - all - (processorTime(process.pid).all + endedTime() - ours);
  return {
    strangers: strangers / (performance.now() - began) / 1000,
    cpu: (processorTime(pid).all - before.cpu) / requests,
    written: (written(pid) - before.written) / requests,
    flushes: (await flushes()) / requests,
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

/** Bytes a process has given to the disk so far. */
function written(pid: number): number {
  return Number(/write_bytes: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
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
