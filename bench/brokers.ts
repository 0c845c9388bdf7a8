/**
 * `node bench/brokers.ts [--pairs 6] [--seconds 5] [--rest MS] [--together] [--five] [--other <main.js> [--file]] [--profiles DIR]`: processor time of a
 * hit with three NATS brokers, through that with a file, in interleaved pairs on one machine; with `--other` through that
 * of another build with brokers, or with `--file` with a file. One event on two routes, each with an id of its own and one in ten a repeat, accepted
 * and delivered; with `--five` two events on five routes, each
 * of which has its end at once. 64 connections ask as soon as they are answered, or so many milliseconds later: then both have about the
 * same rate. With `--together` both are asked at the same time: then the same neighbours, the brokers among them, take the
 * same from both of what cores share, and what is left is their own work. Needs `nats-server` and wrk.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findNatsServer, startBrokers, type RunningBroker } from '../src/demo/cluster/brokers.ts';
import type { BenchRequest } from './hits.ts';
import { wrk } from './load.ts';
import { SCRATCH } from './processes.ts';
import { publishedMain, queue, startGateway, startSink, type GatewayServer } from './servers.ts';
import { processorTime } from './system.ts';
import { shown } from './ratios.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    rest: { type: 'string' },
    five: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    other: { type: 'string' },
    file: { type: 'boolean', default: false },
    profiles: { type: 'string' },
  },
});
const CONNECTIONS = Number(values.connections);
const SECONDS = Number(values.seconds);
/** Longest for the queue to be empty after a turn, milliseconds. */
const DRAIN_MS = 120_000;

/** A shop with two routes; without brokers it has a file. */
function configOf(brokers: readonly RunningBroker[]): string {
  const list = (of: 'url' | 'monitor') => brokers.map((broker) => broker[of]).join(', ');
  const outbox = `delivery: { outbox: { engine: nats, servers: [${list('url')}], monitor: [${list('monitor')}] } }\n`;
  const two = `      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", region: eu }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
`;
  const more = `      tiktok: { pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${META_ACCESS_TOKEN}" }
      linkedin: { conversions: { purchase: "104012", generate_lead: "104013" }, access_token: "\${LINKEDIN_ACCESS_TOKEN}" }
      microsoft_ads: { tag_id: "97000001", access_token: "\${MICROSOFT_UET_TOKEN}" }
`;
  // An older build has no such key for a file.
  const server = brokers.length === 0 ? '' : `server: { root_key: "\${PORTVAKT_ROOT_KEY}" }\n`;
  return `${server}sites:
  - hosts: [127.0.0.1]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
${two}${values.five ? more : ''}${brokers.length === 0 ? '' : outbox}`;
}

/**
 * A purchase of a visitor of its own; `#########` is its number. The visitor's cookies have it within a longer one: an id
 * with a visitor's own number in it would be taken for none, and no repeat be found by it.
 */
function purchase(): BenchRequest {
  const seconds = Math.floor(Date.now() / 1000) - 60;
  const consent = `CookieConsent={stamp:%27k5Hr2bVbFoT0qZr1o1Zs9A==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:${seconds * 1000}%2Cregion:%27no%27}`;
  // Of a visitor who came from advertisements: each of the five has something to send.
  const ads = values.five
    ? `; ttclid=E.C.P.7#########; li_fat_id=0a1b2c3d-0000-4000-8000-007#########; _uetmsclkid=_uet0000000000000000000000a#########`
    : '';
  const user = { email: 'visitor#########@example.no' };
  const events = [
    {
      name: 'purchase',
      id: 'n#########z',
      params: { currency: 'NOK', value: 100, transaction_id: 'n#########z' },
      user,
    },
    { name: 'generate_lead', id: 'l#########z', params: { currency: 'NOK', value: 10 }, user },
  ];
  return {
    method: 'POST',
    path: '/v1/events',
    headers: {
      origin: 'https://shop.example.no',
      'content-type': 'application/json',
      cookie: `${consent}; _ga=GA1.1.7#########.${seconds}; _fbp=fb.1.${seconds * 1000}.7#########${ads}`,
    },
    body: JSON.stringify({ events: values.five ? events : events.slice(0, 1) }),
  };
}

let from = 100_000_000;

interface Turn {
  readonly perSecond: number;
  /** Microseconds of processor time a hit, all threads; and of its first thread. */
  readonly cpu: number;
  readonly first: number;
}

async function turn(gateway: GatewayServer, seconds: number): Promise<Turn> {
  const before = processorTime(gateway.pid);
  const { perSecond, refused, failed } = await wrk(gateway.url, [purchase()], {
    connections: CONNECTIONS,
    seconds,
    from: (from += 1_000_000),
    ...(values.rest !== undefined && { restMs: Number(values.rest) }),
  });
  const hits = perSecond * seconds;
  if (refused + failed > hits * 0.01) throw new Error(`${refused} refused, ${failed} failed`);
  for (const end = performance.now() + DRAIN_MS; (await queue(gateway)).waiting > 0; ) {
    if (performance.now() > end) throw new Error('what was accepted is not delivered');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const after = processorTime(gateway.pid);
  return { perSecond, cpu: (after.all - before.all) / hits, first: (after.first - before.first) / hits };
}

const program = findNatsServer(process.env);
if (program === undefined) throw new Error('there is no nats-server in the path');
let folders = 0;
const brokersOf = () => startBrokers(3, { program, folder: () => join(SCRATCH, `broker-${folders++}`) });
const sink = await startSink();
const all: RunningBroker[] = [];
process.env['PORTVAKT_ROOT_KEY'] = '6b'.repeat(32);
const start = async (withBrokers: boolean, main: string, profiles?: string): Promise<GatewayServer> => {
  const brokers = withBrokers ? await brokersOf() : [];
  all.push(...brokers);
  if (profiles !== undefined) mkdirSync(profiles, { recursive: true });
  return startGateway({ config: configOf(brokers), sink: sink.url, main, ...(profiles !== undefined && { profiles }) });
};
const gateways = [
  await start(true, publishedMain(), values.profiles && join(values.profiles, 'brokers')),
  values.other === undefined
    ? await start(false, publishedMain(), values.profiles && join(values.profiles, 'file'))
    : await start(!values.file, values.other),
] as const;
try {
  for (const gateway of gateways) await turn(gateway, 3);
  const pairs: (readonly [Turn, Turn])[] = [];
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    const [a, b] = pair % 2 === 0 ? gateways : ([gateways[1], gateways[0]] as const);
    const [one, two] = values.together
      ? await Promise.all([turn(a, SECONDS), turn(b, SECONDS)])
      : [await turn(a, SECONDS), await turn(b, SECONDS)];
    pairs.push(pair % 2 === 0 ? [one, two] : [two, one]);
  }
  for (const key of ['perSecond', 'cpu', 'first'] as const) {
    const [a, b] = [pairs.map(([one]) => one[key]), pairs.map(([, two]) => two[key])];
    console.log(
      `${key}: ${shown(a)} here, ${shown(b)} there, ratio ${shown(pairs.map(([one, two]) => one[key] / two[key]))}`,
    );
  }
} finally {
  await Promise.all([...gateways, sink].map((server) => server.stop()));
  for (const broker of all) await broker.kill();
  rmSync(SCRATCH, { recursive: true, force: true });
}
