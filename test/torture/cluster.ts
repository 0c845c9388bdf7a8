import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../support/ask.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { metricsOf, until } from '../support/metrics.ts';
import type { Served } from '../support/serve.ts';
import { newTally, pause, startLoad, type Load, type Tally } from './support/load.ts';
import { fine, startSink, type Sink } from './support/sink.ts';
import { compare, wrongAnswers, type Form, type Scenario, type Summary } from './support/summary.ts';
import { eventId, purchases, withdrawal, type RouteName } from './support/world.ts';

/**
 * Three brokers and three gateways on this machine, and the faults they have to survive. Each part reports what it did
 * and which problems it found.
 */
export interface World {
  readonly cluster: Cluster;
  readonly sink: Sink;
  readonly full: boolean;
  readonly say: (text: string) => void;
}

export interface Part {
  readonly tally: Tally;
  readonly duplicates: number;
  readonly delivered: number;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly problems: readonly string[];
}

export const ROUTES: readonly RouteName[] = ['ga4', 'meta'];
/** Pause between the requests of a client, milliseconds: 12 clients make some 60 hits a second. */
const PAUSE_MS = 180;
const CLIENTS = 12;
/** Longest for the queue to be empty after the last blow, milliseconds. */
const DRAIN_MS = 90_000;

export async function startWorld(form: Pick<Form, 'full' | 'say'>, gateways = 3): Promise<World> {
  const sink = await startSink();
  const cluster = await startCluster({ brokers: 3, gateways, routes: ROUTES, sink: sink.url });
  return { cluster, sink, ...form };
}

export async function stopWorld({ cluster, sink }: World): Promise<void> {
  await cluster.stop();
  await sink.close();
}

/** Visitors turn to one gateway after the other; what is down is asked no more, as a balancer does it. */
function loadOn(cluster: Cluster, tally: Tally = newTally()): Load {
  let turn = 0;
  const url = (): string => {
    const up = cluster.gateways.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    return (up[turn++ % up.length] as Served).url;
  };
  return startLoad({ url, clients: CLIENTS, pauseMs: PAUSE_MS, again: 3 }, tally);
}

/** Everything that was answered 204 has come, or the time is up. */
async function allDelivered({ sink }: World, acknowledged: ReadonlySet<number>, routes = ROUTES): Promise<void> {
  const done = (): boolean => compare(acknowledged, sink, routes).missing.length === 0;
  await until('everything is delivered', done, DRAIN_MS).catch(() => undefined);
}

/** Pairs of this part that were accepted more than once. */
function twice(sink: Sink, { acknowledged }: Tally): number {
  const times = (route: RouteName, n: number): number => sink.accepted(route).get(eventId(n))?.length ?? 0;
  return ROUTES.reduce((sum, route) => sum + [...acknowledged].filter((n) => times(route, n) > 1).length, 0);
}

function judged(world: World, tally: Tally, started: number, most: number, late: number): Part {
  const { missing, delivered } = compare(tally.acknowledged, world.sink, ROUTES);
  const duplicates = twice(world.sink, tally);
  const answered = [...tally.statuses.values()].reduce((sum, n) => sum + n, 0);
  const unavailable = tally.statuses.get(503) ?? 0;
  const share = unavailable / Math.max(1, answered);
  const problems = [
    ...wrongAnswers(tally),
    ...missing.map(({ route, n }) => `event ${n} never reached ${route}`),
    ...(duplicates > most ? [`${duplicates} were delivered twice, ${most} may have been`] : []),
    ...(share > late ? [`${unavailable} of ${answered} answers were 503`] : []),
  ];
  const figures = {
    'answered 503': `${unavailable} of ${answered}`,
    seconds: ((performance.now() - started) / 1000).toFixed(1),
  };
  return { tally, duplicates, delivered, figures, problems };
}

/** kill -9 of a gateway, which comes back on an empty disk, and of a broker, under load. */
export async function killed(world: World): Promise<Part> {
  const { cluster, full, say } = world;
  const started = performance.now();
  const tally = newTally();
  const load = loadOn(cluster, tally);
  const rounds = full ? 20 : 1;
  await pause(2_000);
  for (let round = 0; round < rounds; round++) {
    const gateway = round % cluster.gateways.length;
    await cluster.gateways[gateway]?.stop('SIGKILL');
    await cluster.replace(gateway);
    const broker = cluster.brokers[round % cluster.brokers.length];
    await broker?.kill();
    await pause(3_000);
    await broker?.restart();
    await pause(3_000);
    say(`killed: round ${round + 1} of ${rounds}, ${tally.acknowledged.size} acknowledged`);
  }
  await load.stop();
  await allDelivered(world, tally.acknowledged);
  // What was under way at a kill: the last tenth of a second's events on each route, and what a part kept that did not answer.
  return judged(world, tally, started, rounds * 60, full ? 0.01 : 0.05);
}

/**
 * Events sent twice for each broker that is stopped, at most, in the short form. None is the goal, and what the full form
 * demands: one is possible where this machine is so
 * slow that it is asked only after five seconds whether an event that was sent had been stored in two parts.
 */
const AT_A_STOP = 1;

/** All six processes are stopped and started again, one after the other, under load. */
export async function rolled(world: World): Promise<Part> {
  const { cluster, full, say } = world;
  const started = performance.now();
  const tally = newTally();
  const load = loadOn(cluster, tally);
  await pause(1_000);
  const rounds = full ? 5 : 1;
  for (let round = 0; round < rounds; round++) {
    for (const i of cluster.gateways.keys()) {
      await cluster.gateways[i]?.stop();
      await cluster.replace(i);
      await pause(2_000);
    }
    for (const broker of cluster.brokers) {
      await broker.kill('SIGTERM');
      await broker.restart();
      await pause(full ? 10_000 : 5_000);
    }
    say(`rolled: round ${round + 1}, ${tally.acknowledged.size} acknowledged`);
  }
  await load.stop();
  await allDelivered(world, tally.acknowledged);
  const most = full ? 0 : rounds * cluster.brokers.length * AT_A_STOP * ROUTES.length;
  return judged(world, tally, started, most, full ? 0.005 : 0.05);
}

/** Two of three brokers hang: nothing is acknowledged, and all goes on when they do. */
export async function hung(world: World): Promise<Part> {
  const { cluster, full } = world;
  const started = performance.now();
  const problems: string[] = [];
  const tally = newTally();
  const url = (cluster.gateways[0] as Served).url;
  let n = 5_000_000;
  const asked = async (): Promise<{ readonly status: number; readonly ms: number; readonly n: number }> => {
    const began = performance.now();
    const number = n++;
    const { status } = await ask(url, purchases([number]));
    if (status === 204) tally.acknowledged.add(number);
    return { status, ms: performance.now() - began, n: number };
  };
  await asked();
  for (const { pid } of cluster.brokers.slice(0, 2)) process.kill(pid, 'SIGSTOP');
  const hangs = performance.now();
  const first = await asked();
  const after: number[] = [];
  while (performance.now() - hangs < (full ? 60_000 : 8_000)) {
    const next = await asked();
    if (next.status === 204) problems.push('204 without a majority of the brokers');
    after.push(next.ms);
    await pause(100);
  }
  for (const { pid } of cluster.brokers.slice(0, 2)) process.kill(pid, 'SIGCONT');
  const back = performance.now();
  await until('events are stored again', async () => (await asked()).status === 204, 60_000);
  const ready = performance.now() - back;
  if (first.status === 204) problems.push('the first hit was answered 204 without a majority');
  // The goals; the short form runs where the machine is busy with other tests, and its first hit may wait behind a write that
  // was under way when the brokers began to hang.
  if (first.ms > (full ? 3_500 : 9_000)) problems.push(`the first 503 took ${first.ms.toFixed(0)} ms`);
  if (Math.max(...after.slice(5)) > 1_000)
    problems.push(`a later 503 took ${Math.max(...after.slice(5)).toFixed(0)} ms`);
  if (ready > (full ? 10_000 : 15_000)) problems.push(`ready again after ${ready.toFixed(0)} ms`);
  await allDelivered(world, tally.acknowledged);
  const { missing, delivered } = compare(tally.acknowledged, world.sink, ROUTES);
  const duplicates = twice(world.sink, tally);
  problems.push(...missing.map(({ route, n: number }) => `event ${number} never reached ${route}`));
  const figures = {
    'first 503 after ms': first.ms.toFixed(0),
    'ready again after ms': ready.toFixed(0),
    seconds: ((performance.now() - started) / 1000).toFixed(1),
  };
  return { tally, duplicates, delivered, figures, problems };
}

/** A request that is on its way when the answer comes may be read after it, milliseconds. */
const READ_LATE_MS = 250;

/**
 * A visitor takes back the consent on one gateway while another one has the event: waiting for a vendor that is down, or
 * just read. Nothing of it begins after the answer, and others' events arrive.
 */
export async function withdrawn(world: World): Promise<Part> {
  const { cluster, sink, full } = world;
  const started = performance.now();
  const rounds = full ? 200 : 20;
  const problems: string[] = [];
  const sent: { readonly ids: readonly string[]; readonly at: number }[] = [];
  const answeredAt = new Map<string, number>();
  const tally = newTally();
  let down = false;
  sink.answer('meta', (_, ids) => {
    sent.push({ ids, at: Date.now() });
    return down ? { status: 503 } : fine('meta', ids);
  });
  for (let round = 0; round < rounds; round++) {
    down = round % 2 === 0;
    const [mine, theirs] = [6_000_000 + round * 2, 6_000_001 + round * 2];
    const [a, b] = [round % 3, (round + 1) % 3].map((i) => cluster.gateways[i] as Served) as [Served, Served];
    for (const n of [mine, theirs])
      if ((await ask(a.url, purchases([n]))).status !== 204) problems.push(`event ${n} was not taken`);
    tally.acknowledged.add(theirs);
    // In some rounds it has been tried and waits, in others nobody has had time to read it.
    await pause((round % 5) * 40);
    const { status } = await ask(b.url, withdrawal(mine));
    if (status !== 204) problems.push(`a withdrawal was answered ${status}`);
    answeredAt.set(eventId(mine), Date.now());
  }
  down = false;
  await allDelivered(world, tally.acknowledged);
  await pause(2_000);
  for (const { ids, at } of sent)
    for (const id of ids) {
      const answered = answeredAt.get(id);
      if (answered !== undefined && at > answered + READ_LATE_MS)
        problems.push(`${id} was sent ${at - answered} ms after its withdrawal was answered`);
    }
  sink.answer('meta', undefined);
  const { missing, delivered } = compare(tally.acknowledged, sink, ['meta']);
  const duplicates = twice(sink, tally);
  problems.push(...missing.map(({ n }) => `event ${n} of somebody else never arrived`));
  const figures = { withdrawals: rounds, seconds: ((performance.now() - started) / 1000).toFixed(1) };
  return { tally, duplicates, delivered, figures, problems };
}

/** The same order reaches every gateway, before and after all brokers have been restarted: it is delivered once. */
export async function repeated(world: World): Promise<Part> {
  const { cluster, sink } = world;
  const started = performance.now();
  const tally = newTally();
  const problems: string[] = [];
  const orders = [7_000_000, 7_000_001, 7_000_002];
  let n = 7_100_000;
  const everywhere = async (): Promise<void> => {
    for (const order of orders)
      for (const { url } of cluster.gateways) {
        const { status } = await ask(url, purchases([order]));
        if (status === 204) tally.acknowledged.add(order);
        else problems.push(`a repeat was answered ${status}`);
      }
  };
  await everywhere();
  for (const broker of cluster.brokers) await broker.kill('SIGTERM');
  await Promise.all(cluster.brokers.map((broker) => broker.restart()));
  await until(
    'all gateways take events again',
    async () => {
      // Each part has a leader again when many visitors are answered at once.
      const began = performance.now();
      const asked = cluster.gateways.flatMap(({ url }) => Array.from({ length: 10 }, () => ask(url, purchases([n++]))));
      const taken = (await Promise.all(asked)).every(({ status }) => status === 204);
      return taken && performance.now() - began < 900;
    },
    60_000,
  );
  await everywhere();
  await allDelivered(world, tally.acknowledged);
  await pause(2_000);
  for (const route of ROUTES)
    for (const order of orders) {
      const times = sink.accepted(route).get(eventId(order))?.length ?? 0;
      if (times !== 1) problems.push(`order ${order} reached ${route} ${times} times`);
    }
  const { delivered } = compare(tally.acknowledged, sink, ROUTES);
  const duplicates = twice(sink, tally);
  const figures = { seconds: ((performance.now() - started) / 1000).toFixed(1) };
  return { tally, duplicates, delivered, figures, problems };
}

/** Nothing of an event can be read in the brokers' files. */
export function readable(world: World, words: readonly string[]): string[] {
  const problems: string[] = [];
  for (const { dir, name } of world.cluster.brokers)
    for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const bytes = readIfFile(join(dir, file));
      for (const word of words) if (bytes?.includes(word) === true) problems.push(`${word} is in ${file} of ${name}`);
    }
  return problems;
}

function readIfFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** How many events of all gateways wait. */
export async function waitingIn({ gateways }: Cluster): Promise<number> {
  const all = await Promise.all(gateways.map(({ adminUrl }) => metricsOf(adminUrl)));
  return all.reduce((sum, metrics) => sum + metrics.sum('portvakt_outbox_waiting'), 0);
}

const PARTS: Readonly<Record<string, (world: World) => Promise<Part>>> = { killed, rolled, hung, withdrawn, repeated };

/** One part of it, on a cluster of its own. */
function alone(part: (world: World) => Promise<Part>, gateways: number, routes = ROUTES): Scenario {
  return async (form) => {
    const started = performance.now();
    const world = await startWorld(form, gateways);
    try {
      const { tally, delivered, duplicates, figures, problems } = await part(world);
      const acknowledged = tally.acknowledged.size * routes.length;
      const seconds = (performance.now() - started) / 1000;
      return { acknowledged, delivered, duplicates, otherwise: 0, seconds, figures, problems };
    } finally {
      await stopWorld(world);
    }
  };
}

/** Single parts: `npm run torture -- cluster-rolled`. The first one is what `demo --cluster` does. */
export const clusterParts: Readonly<Record<string, Scenario>> = {
  'cluster-killed': alone(killed, 2),
  'cluster-rolled': alone(rolled, 3),
  'cluster-hung': alone(hung, 3),
  'cluster-withdrawn': alone(withdrawn, 3, ['meta']),
};

/** All of it, one after the other: `npm run torture -- cluster`. */
export async function cluster(form: Form): Promise<Summary> {
  const started = performance.now();
  const world = await startWorld(form);
  const figures: Record<string, number | string> = {};
  const problems: string[] = [];
  const sums = { acknowledged: 0, delivered: 0, duplicates: 0 };
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      const seen = await part(world);
      form.say(`${name}: ${seen.problems.length === 0 ? 'held' : seen.problems.slice(0, 5).join('; ')}`);
      sums.acknowledged += seen.tally.acknowledged.size * (name === 'withdrawn' ? 1 : ROUTES.length);
      sums.delivered += seen.delivered;
      sums.duplicates += seen.duplicates;
      figures[`${name}: delivered twice`] = seen.duplicates;
      for (const [what, value] of Object.entries(seen.figures)) figures[`${name}: ${what}`] = value;
      problems.push(...seen.problems.map((problem) => `${name}: ${problem}`));
    }
    problems.push(...readable(world, ['visitor', 'n1z', 'GA1.1', 'purchase', 'Cybot']));
  } finally {
    await stopWorld(world);
  }
  return { ...sums, otherwise: 0, seconds: (performance.now() - started) / 1000, figures, problems };
}
