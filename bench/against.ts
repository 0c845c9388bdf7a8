/**
 * `npm run bench -- --against <commit> [--pairs 10] [--seconds 5]`: this checkout against another version of itself, both
 * as published, in interleaved pairs on one machine, whose speed drifts: only the ratio of a pair means something. Prints
 * for each case the median ratio with its quartiles, of requests a second and of processor time a hit (all threads).
 * With `--rate` it is whole hits at that rate (`whole-hit.ts`).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { shown } from './ratios.ts';
import { wholeHits } from './whole-hit.ts';
import {
  processorTime,
  publishedMain,
  SCRATCH,
  startGateway,
  startSink,
  wrk,
  type GatewayServer,
} from './processes.ts';

const ROOT = join(import.meta.dirname, '..');
/** Nobody listens there: what is accepted stays in the outbox. */
const NOBODY = 'http://127.0.0.1:9';
const CONNECTIONS = 64;
/** How often both are started anew: a process keeps what the engine made of its code. */
const ROUNDS = 2;

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
}

/** Runs the comparison and prints it. @throws where the other version cannot be built */
export async function against(commit: string, pairs: number, seconds: number, rate?: number): Promise<void> {
  const [other, own] = [builtAt(commit), publishedMain()];
  if (rate !== undefined) {
    await wholeHits([own, other], rate, pairs, seconds);
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
      const ratios: { perSecond: number[]; cpu: number[] } = { perSecond: [], cpu: [] };
      for (let round = 0; round < ROUNDS; round++) {
        const turns = await inTurns([own, other], each, each.delivering ? sink.url : NOBODY, pairs / ROUNDS, seconds);
        for (const [a, b] of turns) {
          ratios.perSecond.push(a.perSecond / b.perSecond);
          ratios.cpu.push(a.cpu / b.cpu);
        }
      }
      console.log(
        `${each.name}: requests/s ${shown(ratios.perSecond)}, processor time a hit ${shown(ratios.cpu)}, of ${pairs} pairs`,
      );
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

/** Both run all the time; the load goes to one and to the other, there and back. */
async function inTurns(
  mains: readonly [string, string],
  { config, hits }: Case,
  sink: string,
  pairs: number,
  seconds: number,
): Promise<readonly (readonly [Turn, Turn])[]> {
  const gateways = await Promise.all(mains.map((main) => startGateway({ config, sink, main })));
  try {
    for (const { url } of gateways) await wrk(url, hits, { connections: CONNECTIONS, seconds: 2 });
    const turns: (readonly [Turn, Turn])[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const [a, b] = gateways as [GatewayServer, GatewayServer];
      // There and back, so that whoever comes second is not always the same.
      const first = await turn(pair % 2 === 0 ? a : b, hits, seconds);
      const second = await turn(pair % 2 === 0 ? b : a, hits, seconds);
      turns.push(pair % 2 === 0 ? [first, second] : [second, first]);
    }
    return turns;
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
}

async function turn({ url, pid }: GatewayServer, hits: readonly BenchRequest[], seconds: number): Promise<Turn> {
  const before = processorTime(pid);
  const { perSecond, refused, failed } = await wrk(url, hits, { connections: CONNECTIONS, seconds });
  const after = processorTime(pid);
  if (refused + failed > perSecond * seconds * 0.01) throw new Error(`${refused} refused, ${failed} failed`);
  return { perSecond, cpu: (after.all - before.all) / Math.max(1, perSecond * seconds) };
}
