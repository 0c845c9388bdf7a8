import type { NatsConfig } from '../../../config/outbox-schema.ts';

/** The first version with all needed functions: atomic batches with an expectation in each message. */
const OLDEST = [2, 15] as const;
/** The greatest allowed difference between the clocks of a broker and of this machine, milliseconds. */
const CLOCK_MS = 1_000;
const ASK_MS = 1_000;

/** What the monitor port of a broker says. */
export interface AskedBroker {
  readonly monitor: string;
  readonly name: string;
  readonly version: string;
  /** It is in a cluster. */
  readonly clustered: boolean;
  /** Each write is on the disk before it is acknowledged. */
  readonly syncAlways: boolean;
  /** Its clock minus this one, milliseconds: the smallest difference that fits the answer. */
  readonly clockMs: number;
}

interface Varz {
  readonly server_name?: string;
  readonly version?: string;
  /** Empty where it is alone. */
  readonly cluster?: { readonly name?: string };
}

interface Jsz {
  readonly now?: string;
  readonly config?: { readonly sync_always?: boolean };
}

/** Asks all brokers. One that does not answer is left out. */
export async function askBrokers({ monitor }: Pick<NatsConfig, 'monitor'>): Promise<readonly AskedBroker[]> {
  const asked = await Promise.all(monitor.map((address) => askBroker(address).catch(() => undefined)));
  return asked.filter((broker) => broker !== undefined);
}

async function askBroker(monitor: string): Promise<AskedBroker> {
  const { server_name: name = monitor, version = '', cluster } = await get<Varz>(`${monitor}/varz`);
  const before = Date.now();
  const { now = '', config } = await get<Jsz>(`${monitor}/jsz`);
  const after = Date.now();
  const theirs = Date.parse(now);
  // The broker read its clock at some time between the question and the answer.
  const clockMs = theirs < before ? theirs - before : Math.max(0, theirs - after);
  const clustered = cluster?.name !== undefined;
  return { monitor, name, version, clustered, syncAlways: config?.sync_always === true, clockMs };
}

async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS), redirect: 'error' });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.json()) as T;
}

/**
 * A text for a person: why this broker could lose an acknowledged event or apply a withdrawal wrongly.
 * @param replicas the number of brokers that keep each event
 */
export function unsafe(asked: AskedBroker, replicas: number): string | undefined {
  const { monitor, name, version, clustered, syncAlways, clockMs } = asked;
  const broker = `broker ${name} (${monitor})`;
  if (isOlder(version))
    return `${broker} has version ${version || 'unknown'}: ${OLDEST.join('.')} is the oldest that stores batches as a whole; update it`;
  if (!syncAlways)
    return `${broker} does not write to the disk at once: a power cut would lose acknowledged events; set jetstream { sync_interval: always } there`;
  if (!clustered && replicas > 1)
    return `${broker} is alone: it is in no cluster, so no other broker keeps its events, and delivery.outbox.replicas is ${replicas}; give all brokers a cluster section (docs/cluster.md)`;
  if (!(Math.abs(clockMs) <= CLOCK_MS))
    return `the clocks of ${broker} and of this machine differ by ${Math.round(Math.abs(clockMs))} ms: events before and after a withdrawal could be confused; synchronise both (NTP)`;
  return undefined;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
