import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { Served } from '../support/serve.ts';
import { ATTACKS, kept, type Attack, type Target } from './attacks.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, percentile, startLoad, type Tally } from './support/load.ts';
import { startSink } from './support/sink.ts';
import { compare, drained, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, type RouteName } from './support/world.ts';

/**
 * One stranger against everybody: attacks without a key, by requests only. Each attack has a gateway of its own with a
 * few ordinary visitors. Meanwhile its use is measured: bytes in the data folder, memory, descriptors, series of
 * metrics. It may use some, but must not go on growing, and the visitors must be served.
 */
const ROUTES: readonly RouteName[] = ['ga4', 'meta'];
const MB = 1024 * 1024;

/** What the gateway used at one moment. */
interface Use {
  readonly disk: number;
  readonly memory: number;
  readonly descriptors: number;
  readonly series: number;
  /** Connections to the listener that everybody reaches. */
  readonly clients: number;
}

/** Names of the attacks; `strangers(name)` is the scenario of one. */
export const ATTACK_NAMES = Object.keys(ATTACKS);

/** All attacks one after the other, ten minutes each in full, four seconds in short. */
export async function stranger(form: Form): Promise<Summary> {
  const done: Summary[] = [];
  const figures: Record<string, string> = {};
  for (const name of ATTACK_NAMES) {
    form.say(name);
    const summary = await attack(name, form);
    done.push(summary);
    for (const [word, value] of Object.entries(summary.figures)) figures[`${name}, ${word}`] = `${value}`;
  }
  const sum = (of: (summary: Summary) => number) => done.reduce((all, summary) => all + of(summary), 0);
  return {
    acknowledged: sum(({ acknowledged }) => acknowledged),
    delivered: sum(({ delivered }) => delivered),
    otherwise: sum(({ otherwise }) => otherwise),
    duplicates: sum(({ duplicates }) => duplicates),
    seconds: sum(({ seconds }) => seconds),
    figures,
    problems: done.flatMap(({ problems }, i) => problems.map((problem) => `${ATTACK_NAMES[i]}: ${problem}`)),
  };
}

/** One attack, with ordinary visitors beside it. */
export async function attack(name: string, { full, say, minutes }: Form): Promise<Summary> {
  const {
    clients,
    seconds = 4,
    delivery,
    more = '',
    refusals,
    answers,
    heap,
    left,
    settles,
    strike,
  } = ATTACKS[name] as Attack;
  const started = performance.now();
  const lasting = full ? (minutes ?? 10) * 60_000 : seconds * 1_000;
  const sink = await startSink();
  const gateway = await startGateway({ config: more + configOf(ROUTES, delivery), sink: sink.url, env: envOf(heap) });
  const visitors = startLoad({ url: gateway.url, clients: 2, pauseMs: 50 }, newTally());
  await pause(full ? 5_000 : 1_000);
  visitors.latencies.splice(0);

  const statuses = new Map<number, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const ends = performance.now() + lasting;
  const ask = asking(gateway.url, agent, statuses);
  const blamed = new Set<string>();
  const target: Target = {
    url: gateway.url,
    adminUrl: gateway.adminUrl,
    // A strike that is under way when the attack ends asks no more.
    ask: (...asked) => (performance.now() < ends ? ask(...asked) : Promise.resolve(0)),
    blame: (problem) => blamed.add(problem),
  };
  let strikes = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < ends) {
      // A connection that is never answered ends with the attack.
      await Promise.race([strike(target), pause(Math.max(0, ends - performance.now()))]);
      strikes++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const used: Use[] = [];
  const watch = async (): Promise<void> => {
    while (performance.now() < ends) {
      used.push(await useOf(gateway));
      if (full && used.length % 12 === 0) say(`${name}: ${shown(used.at(-1) as Use)}`);
      await pause(full ? 5_000 : 400);
    }
  };
  const processor = processorTime(gateway);
  await Promise.all([watch(), ...Array.from({ length: clients }, client)]);
  const cost = (processorTime(gateway) - processor) / Math.max(1, strikes);
  agent.destroy();
  const served = visitors.latencies.splice(0);
  await visitors.stop();
  await pause(settles ?? 2_500);
  const after = await useOf(gateway);
  for (const socket of kept) socket.destroy();
  const answered = [...statuses.values()].reduce((sum, n) => sum + n, 0);
  const problems = [
    ...blamed,
    ...beyond(used, after, ATTACKS[name] as Attack, full),
    ...visitorsServed(visitors, served, lasting),
    ...[...statuses].filter(([status]) => !refusals.includes(status)).map(([status, n]) => `${n} answers of ${status}`),
  ];
  // In the short form a few strikes pay for all that the engine compiles meanwhile.
  if (cost > MOST_COST_MS * (full ? 1 : 3)) problems.push(`a strike costs ${Math.round(cost)} ms of processor time`);
  if (answers !== undefined && answered > answers(lasting / 1000)) problems.push(`${answered} guesses were answered`);
  if (strikes === 0) problems.push('the stranger did nothing');
  if (gateway.child.exitCode !== null) problems.push('the gateway has ended');
  const metrics = await drained(gateway, full ? 600_000 : 60_000).catch((error: Error) => error);
  const taken = metrics instanceof Error ? 0 : metrics.sum('portvakt_outbox_bytes');
  if (metrics instanceof Error) problems.push(metrics.message);
  if (taken > (left ?? Infinity)) problems.push(`${taken} bytes of the outbox are taken, and nothing waits`);
  const { missing, ...counts } = compare(visitors.acknowledged, sink, ROUTES);
  problems.push(...missing.map(({ route, n }) => `event ${n} of a visitor never reached ${route}`));
  await gateway.stop();
  await sink.close();
  return {
    ...counts,
    otherwise: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      strikes,
      'processor time a strike': `${cost.toFixed(1)} ms`,
      answers: [...statuses].map(([status, n]) => `${n} x ${status}`).join(', ') || 'none',
      'visitors, p50 / p99': `${percentile(served, 0.5).toFixed(1)} / ${percentile(served, 0.99).toFixed(1)} ms`,
      most: shown(most(used)),
      afterwards: `${shown(after)}; ${taken} bytes of the outbox`,
    },
    problems,
  };
}

function envOf(heap: number | undefined): Record<string, string> {
  const { NODE_OPTIONS = '' } = process.env;
  return heap === undefined ? {} : { NODE_OPTIONS: `${NODE_OPTIONS} --max-old-space-size=${heap}` };
}

function asking(url: string, agent: Agent, statuses: Map<number, number>): Target['ask'] {
  const { hostname, port } = new URL(url);
  return (path, headers, body, method = body === undefined ? 'GET' : 'POST') =>
    new Promise((resolve) => {
      const done = (status: number): void => {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        resolve(status);
      };
      const asked = request({ host: hostname, port, path, method, headers, agent }, (answer) => {
        answer.resume();
        answer.on('end', () => done(answer.statusCode ?? 0));
        answer.on('error', () => done(0));
      });
      asked.on('error', () => resolve(0));
      asked.end(body);
    });
}

async function useOf({ data, child, url, adminUrl }: Served): Promise<Use> {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const text = await fetch(`${adminUrl}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  return {
    disk: bytesBelow(data),
    memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024,
    descriptors: readdirSync(`/proc/${child.pid}/fd`).length,
    series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
    clients: connectionsTo(Number(new URL(url).port)),
  };
}

/** Connections to a port of this machine that a process still holds: those that are only waited out have no inode. */
function connectionsTo(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return lines.filter((line) => {
    const [, from = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return from.endsWith(local) && state !== LISTENING && inode !== '0';
  }).length;
}
const LISTENING = '0A';

/** What all threads of the process have taken so far, milliseconds; the system counts in hundredths of a second. */
function processorTime({ child }: Served): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function bytesBelow(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    try {
      if (entry.isFile()) sum += statSync(join(entry.parentPath, entry.name)).size;
    } catch {
      // Gone meanwhile.
    }
  }
  return sum;
}

const most = (used: readonly Use[]): Use => ({
  disk: Math.max(...used.map(({ disk }) => disk)),
  memory: Math.max(...used.map(({ memory }) => memory)),
  descriptors: Math.max(...used.map(({ descriptors }) => descriptors)),
  series: Math.max(...used.map(({ series }) => series)),
  clients: Math.max(...used.map(({ clients }) => clients)),
});

const shown = ({ disk, memory, descriptors, series, clients }: Use): string =>
  `${(disk / MB).toFixed(1)} MB on disk, ${Math.round(memory / MB)} MB of memory, ${descriptors} descriptors, ${clients} connections, ${series} series`;

/** Memory the gateway may have under any attack; with nothing to do it has about 130 MB. */
const MOST_MEMORY = 700 * MB;
/** The worst request there is took 880 ms before work was bounded; an ordinary one takes less than one. */
const MOST_COST_MS = 100;
/** Connections that may be open when everybody has gone. */
const IDLE_CLIENTS = 4;
/** Growth from the second third of a long attack to the last that still counts as none. */
const STILL = { disk: 8 * MB, memory: 60 * MB, descriptors: 20, series: 40, clients: 20 };

/** What was used beyond its bound, or went on growing. */
function beyond(used: readonly Use[], after: Use, { disk, descriptors }: Attack, full: boolean): string[] {
  const bounds = { disk, memory: MOST_MEMORY, descriptors, series: 2_000, clients: descriptors };
  const peak = most(used);
  const kinds = Object.keys(bounds) as (keyof Use)[];
  const problems = kinds
    .filter((kind) => peak[kind] > bounds[kind])
    .map((kind) => `too much of ${kind}: ${shown(peak)}`);
  if (after.clients > IDLE_CLIENTS) problems.push(`${after.clients} connections are still open afterwards`);
  if (!full) return problems;
  const third = Math.floor(used.length / 3);
  const [middle, last] = [most(used.slice(third, 2 * third)), most(used.slice(2 * third))];
  for (const kind of kinds) {
    if (last[kind] > middle[kind] + STILL[kind] && last[kind] > middle[kind] * 1.1) {
      problems.push(`${kind} goes on growing: ${shown(middle)}, then ${shown(last)}`);
    }
  }
  return problems;
}

/** Nobody else may notice: all are answered, and most at once. `lasting`: how long the attack took, milliseconds. */
function visitorsServed(tally: Tally, served: readonly number[], lasting: number): string[] {
  const problems = wrongAnswers(tally);
  const refused = tally.statuses.get(503) ?? 0;
  const taken = tally.statuses.get(204) ?? 0;
  // Two visitors, who ask again 50 ms after their answer.
  if (served.length < lasting / 500)
    problems.push(`visitors were served ${served.length} times in ${lasting / 1000} s`);
  if (refused > taken / 10) problems.push(`${refused} of ${taken + refused} requests of visitors were refused`);
  // A kept connection may be closed just when the next request is sent: browsers ask again, these do not.
  const most = Math.floor(served.length / 1_000);
  for (const [error, n] of tally.unanswered)
    if (n > most) problems.push(`${n} requests of visitors without an answer (${error})`);
  const p50 = percentile(served, 0.5);
  if (p50 > 500) problems.push(`visitors waited ${Math.round(p50)} ms`);
  return problems;
}
