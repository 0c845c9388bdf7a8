/**
 * `npm run bench -- --against <commit> [--pairs 10] [--seconds 5]`: this checkout against another version of itself, both
 * as published, in interleaved pairs on one machine, whose speed drifts: only the ratio of a pair means something. Prints
 * for each case the median ratio with its quartiles of requests a second, of processor time a hit (all threads) and of
 * bytes written a hit. Cold is the first seconds of a process. Warm is when the engine has compiled what runs often.
 * With `--rate` it is whole hits at that rate (`whole-hit.ts`).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { shown } from './ratios.ts';
import { wholeHits } from './whole-hit.ts';
import { wrk } from './load.ts';
import { SCRATCH } from './processes.ts';
import { publishedMain, queue, startGateway, startSink, type GatewayServer } from './servers.ts';
import { processorTime, scheduled, written } from './system.ts';

const ROOT = join(import.meta.dirname, '..');
/** No program listens there: accepted events stay in the outbox. */
const NOBODY = 'http://127.0.0.1:9';
const CONNECTIONS = 64;
/** How often both are started anew: a process keeps what the engine made of its code. */
const ROUNDS = 4;
/** Seconds of a new process that count as cold. */
const COLD = 2;
/** A process is warm when its helper threads, which compile and collect garbage, take less than this a hit, microseconds. */
const WARM_US = 10;
/** Seconds in which a process should have become warm. */
const WARMING = 20;

interface Case {
  readonly name: string;
  readonly config: string;
  readonly hits: readonly BenchRequest[];
  readonly delivering: boolean;
}

interface Turn {
  readonly perSecond: number;
  /** Microseconds of processor time a hit, all threads. */
  readonly cpu: number;
  /** The same of the threads that neither collect nor deliver. */
  readonly helpers: number;
  /** Bytes written to the disk a hit. */
  readonly written: number;
}

/** A turn of this version and the turn of the other one beside it. */
type Pair = readonly [Turn, Turn];

export interface Comparison {
  readonly pairs: number;
  readonly seconds: number;
  /** Whole hits at this rate, in place of as many as are taken. */
  readonly rate: number | undefined;
  readonly five: boolean;
}

/** Runs the comparison and prints it. @throws where the other version cannot be built */
export async function against(commit: string, { pairs, seconds, rate, ...whole }: Comparison): Promise<void> {
  const [other, own] = [builtAt(commit), publishedMain()];
  if (rate !== undefined) {
    await wholeHits([own, other], { rate, pairs, seconds, ...whole });
    return;
  }
  const five = readFileSync(join(ROOT, 'bench/five-routes.yaml'), 'utf8');
  const cases: readonly Case[] = [
    { name: 'denied', config: GA4_ONLY, hits: webHits(512, { choice: 'denied' }), delivering: false },
    { name: 'granted, GA4, accepting', config: GA4_ONLY, hits: webHits(512, { choice: 'granted' }), delivering: false },
    { name: 'granted, GA4, delivering', config: GA4_ONLY, hits: webHits(512, { choice: 'granted' }), delivering: true },
    {
      name: 'two events, five routes, accepting',
      config: five,
      hits: webHits(512, { choice: 'granted', purchase: true, events: 2 }),
      delivering: false,
    },
  ];
  const sink = await startSink();
  try {
    for (const each of cases) {
      const [cold, warm]: [Pair[], Pair[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        const measured = await inTurns(
          [own, other],
          each,
          each.delivering ? sink.url : NOBODY,
          pairs / ROUNDS,
          seconds,
        );
        cold.push(measured.cold);
        warm.push(...measured.warm);
      }
      console.log(`${each.name}, cold: ${ratiosOf(cold)}`);
      console.log(`${each.name}, warm: ${ratiosOf(warm)}`);
    }
  } finally {
    await sink.stop();
  }
}

/** The published program of another commit, built in a temporary folder with the dependencies its lock file names. */
function builtAt(commit: string): string {
  const folder = join(SCRATCH, 'against');
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 256 * 1024 * 1024 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  const lock = (root: string) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lock(folder) === lock(ROOT)) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
  const dist = join(folder, 'dist');
  execFileSync(process.execPath, [join(folder, 'scripts/build.ts'), dist], { cwd: folder });
  if (!existsSync(join(dist, 'main.js'))) throw new Error(`${commit} has no build`);
  // Apart from its sources: what is published stands alone.
  const apart = join(SCRATCH, 'against-published');
  cpSync(dist, join(apart, 'dist'), { recursive: true });
  cpSync(join(folder, 'package.json'), join(apart, 'package.json'));
  return join(apart, 'dist/main.js');
}

function ratiosOf(pairs: readonly Pair[]): string {
  const perSecond = pairs.map(([a, b]) => a.perSecond / b.perSecond);
  const cpu = pairs.map(([a, b]) => a.cpu / b.cpu);
  const bytes = pairs.map(([a, b]) => a.written / b.written);
  return `requests/s ${shown(perSecond)}, processor time a hit ${shown(cpu)}, bytes written a hit ${shown(bytes)}, of ${pairs.length} pairs`;
}

/** Both run all the time; the load goes to one and to the other, there and back. */
async function inTurns(
  mains: readonly [string, string],
  { config, hits, delivering }: Case,
  sink: string,
  pairs: number,
  seconds: number,
): Promise<{ readonly cold: Pair; readonly warm: readonly Pair[] }> {
  const gateways = await Promise.all(mains.map((main) => startGateway({ config, sink, main })));
  const [a, b] = gateways as [GatewayServer, GatewayServer];
  try {
    const cold: Pair = [await turn(a, hits, COLD, delivering), await turn(b, hits, COLD, delivering)];
    for (const gateway of gateways) await warmUp(gateway, hits);
    const warm: Pair[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // There and back, so that whoever comes second is not always the same.
      const first = await turn(pair % 2 === 0 ? a : b, hits, seconds, delivering);
      const second = await turn(pair % 2 === 0 ? b : a, hits, seconds, delivering);
      warm.push(pair % 2 === 0 ? [first, second] : [second, first]);
    }
    return { cold, warm };
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
}

async function warmUp(gateway: GatewayServer, hits: readonly BenchRequest[]): Promise<void> {
  for (let second = 0; second < WARMING; second++) if ((await turn(gateway, hits, 1)).helpers < WARM_US) return;
}

/** @param delivering the turn ends when all that was taken is delivered, or the next one would pay for it */
async function turn(
  gateway: GatewayServer,
  hits: readonly BenchRequest[],
  seconds: number,
  delivering = false,
): Promise<Turn> {
  const { url, pid } = gateway;
  const [before, helped, wrote] = [processorTime(pid), scheduled(pid).others, written(pid)];
  const { perSecond, refused, failed } = await wrk(url, hits, { connections: CONNECTIONS, seconds });
  if (delivering) await delivered(gateway);
  const [after, helping, more] = [processorTime(pid), scheduled(pid).others, written(pid)];
  if (refused + failed > perSecond * seconds * 0.01) throw new Error(`${refused} refused, ${failed} failed`);
  const taken = Math.max(1, perSecond * seconds);
  return {
    perSecond,
    cpu: (after.all - before.all) / taken,
    helpers: (helping.ran - helped.ran) / taken,
    written: (more - wrote) / taken,
  };
}

async function delivered(gateway: GatewayServer): Promise<void> {
  for (const end = Date.now() + 60_000; (await queue(gateway)).waiting > 0; ) {
    if (Date.now() > end) throw new Error('what was accepted is not delivered');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
