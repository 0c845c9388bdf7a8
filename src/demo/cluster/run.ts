import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unusable } from '../../runtimes/node/process/unusable.ts';
import { startRecorder } from '../recorder.ts';
import { findNatsServer, NATS_VERSION, startBrokers, type RunningBroker } from './brokers.ts';
import { configFor, startClusterGateway, type ClusterGateway } from './gateways.ts';
import { numbersIn, startTraffic, type TrafficCounts } from './traffic.ts';

const BROKERS = 3;
const GATEWAYS = 2;
/** How long traffic goes on before, between and after what is done to it, milliseconds. */
const LEG_MS = 3_000;
/** How long what was acknowledged may take to be delivered after the last event, milliseconds. */
const DRAIN_MS = 60_000;

/** Each vendor's host and name. */
const VENDORS: ReadonlyMap<string, string> = new Map([
  ['www.google-analytics.com', 'Google Analytics 4'],
  ['graph.facebook.com', 'Meta'],
]);

/** How often each event came, by vendor. */
type Delivered = ReadonlyMap<string, Map<number, number>>;

/**
 * Three brokers and two gateways on this machine: sends traffic, kills one of each, and prints what became of the events.
 * Resolves with whether nothing was lost. @throws Unusable
 */
export async function runClusterDemo(env: NodeJS.ProcessEnv, print: (text: string) => void): Promise<boolean> {
  const program = findNatsServer(env);
  if (program === undefined) throw new Unusable(MISSING);
  const dir = mkdtempSync(join(tmpdir(), 'portvakt-demo-'));
  const ends: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  const interrupted = (): void => void stop().then(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await runIn({ program, dir, ends, print });
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await stop();
  }
}

interface World {
  readonly program: string;
  readonly dir: string;
  /** What ends all that was started, the last first. */
  readonly ends: (() => unknown)[];
  readonly print: (text: string) => void;
}

async function runIn({ program, dir, ends, print }: World): Promise<boolean> {
  let folders = 0;
  const folder = (): string => {
    const made = join(dir, String(folders++));
    mkdirSync(made, { mode: 0o700 });
    return made;
  };
  const delivered: Delivered = new Map([...VENDORS.values()].map((name) => [name, new Map<number, number>()]));
  const recorder = await startRecorder(({ host, target, body }) => {
    const times = delivered.get(VENDORS.get(host) ?? '');
    for (const n of numbersIn(`${target} ${body}`)) times?.set(n, (times.get(n) ?? 0) + 1);
  });
  ends.push(recorder.close);
  print(`starting ${BROKERS} brokers (${program}) and ${GATEWAYS} gateways; vendors are pretended`);
  const brokers = await startBrokers(BROKERS, { program, folder });
  ends.push(() => Promise.all(brokers.map((broker) => broker.kill())));
  const rootKey = randomBytes(32).toString('hex');
  const start = async (): Promise<ClusterGateway> => {
    const gateway = await startClusterGateway({
      config: configFor(brokers),
      data: folder(),
      sink: recorder.url,
      rootKey,
    });
    ends.push(gateway.kill);
    return gateway;
  };
  // The first one makes the streams.
  const gateways: ClusterGateway[] = [];
  for (let i = 0; i < GATEWAYS; i++) gateways.push(await start());
  const traffic = startTraffic(() => gateways.map(({ url }) => url));
  await blows(gateways, brokers, start, print);
  await traffic.stop();
  await untilDelivered(traffic, delivered);
  return told(traffic, delivered, print);
}

/** One of each is killed under traffic, and comes back: the gateway on an empty disk. */
async function blows(
  gateways: ClusterGateway[],
  brokers: readonly RunningBroker[],
  start: () => Promise<ClusterGateway>,
  print: (text: string) => void,
): Promise<void> {
  await pause(LEG_MS);
  const [gateway] = gateways.splice(0, 1) as [ClusterGateway];
  await gateway.kill();
  print('killed a gateway (kill -9); it comes back on an empty disk');
  gateways.push(await start());
  await pause(LEG_MS);
  const [broker] = brokers as [RunningBroker];
  await broker.kill();
  print(`killed broker ${broker.name} (kill -9); it comes back on its disk`);
  await pause(LEG_MS);
  await broker.restart();
  await pause(LEG_MS);
}

async function untilDelivered({ acknowledged }: TrafficCounts, delivered: Delivered): Promise<void> {
  const end = Date.now() + DRAIN_MS;
  while (lostOf(acknowledged, delivered) > 0 && Date.now() < end) await pause(100);
}

function lostOf(acknowledged: ReadonlySet<number>, delivered: Delivered): number {
  return [...delivered.values()].reduce((sum, times) => sum + [...acknowledged].filter((n) => !times.has(n)).length, 0);
}

function told({ acknowledged, refused }: TrafficCounts, delivered: Delivered, print: (text: string) => void): boolean {
  const all = [...delivered.values()];
  const lost = lostOf(acknowledged, delivered);
  const twice = all.reduce((sum, times) => sum + [...times.values()].filter((n) => n > 1).length, 0);
  const arrived = all.reduce((sum, times) => sum + [...acknowledged].filter((n) => times.has(n)).length, 0);
  print(
    [
      '',
      `acknowledged  ${acknowledged.size} events for ${delivered.size} vendors (${refused} were not taken, and whoever sent them was told)`,
      `delivered     ${arrived} of ${acknowledged.size * delivered.size}`,
      `lost          ${lost}`,
      `twice         ${twice}`,
    ].join('\n'),
  );
  return lost === 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const MISSING = `there is no nats-server in the path. Install one and try again:
  go install github.com/nats-io/nats-server/v2@v${NATS_VERSION}
or take the program from https://github.com/nats-io/nats-server/releases (2.15 or newer)`;
