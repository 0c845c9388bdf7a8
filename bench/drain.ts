import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { wrk } from './load.ts';
import { SCRATCH, type Server } from './processes.ts';
import { queue, startGateway, startSink, type GatewayOptions } from './servers.ts';
import { processorTime } from './system.ts';
import { monotonic } from './profile.ts';

/**
 * How fast an outbox that has filled up is worked off when nothing comes any more. Vendors that take one event in each
 * request and vendors that take many are measured apart. `node bench/drain.ts [seconds of filling]`
 */
export interface Drained {
  readonly events: number;
  readonly perSecond: number;
  /** Processor time of the delivering process for one event, microseconds. */
  readonly processorUs: number;
  /** When it began and ended, microseconds of the system's monotonic clock. */
  readonly from: number;
  readonly to: number;
}

/** How long a drain may take, milliseconds. */
const PATIENCE = 60_000;
/** No program listens there: accepted events stay in the outbox. */
const NOBODY = 'http://127.0.0.1:9';

/** A vendor whose requests hold up to a thousand events; GA4 is named because its tag sends the hits, and gets none. */
const META_ONLY = GA4_ONLY.replace(
  / {6}ga4: .*\n/,
  `      ga4: { measurement_id: G-TEST000001, region: eu, events: [none] }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }\n`,
);

/** What is drained: a vendor that takes one event in each request, and one that takes many. */
export const FORMS: readonly { readonly name: string; readonly config: string; readonly hits: BenchRequest[] }[] = [
  { name: 'one event a request (GA4)', config: GA4_ONLY, hits: webHits(512, { choice: 'granted' }) },
  { name: 'batches (Meta)', config: META_ONLY, hits: webHits(512, { choice: 'granted', purchase: true }) },
];

/**
 * Fills an outbox while its vendors cannot be reached, starts the gateway again on the same data with the vendors alive,
 * and waits until it is empty.
 */
export async function drained(
  sink: Server,
  config: string,
  hits: readonly BenchRequest[],
  seconds: number,
  how: Pick<GatewayOptions, 'main' | 'profiles'> = {},
): Promise<Drained> {
  const data = join(SCRATCH, `drain-${drains++}`);
  const filling = await startGateway({ config, sink: NOBODY, data });
  await wrk(filling.url, hits, { connections: 64, seconds });
  await filling.stop();

  const gateway = await startGateway({ config, sink: sink.url, data, ...how });
  const first = await queue(gateway);
  const from = monotonic();
  const { all: before } = processorTime(gateway.pid);
  let last = first;
  let to = from;
  while (last.waiting > 0) {
    if (to - from > PATIENCE * 1e3) throw new Error(`${last.waiting} events are still waiting after ${PATIENCE} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    last = await queue(gateway);
    to = monotonic();
  }
  const events = last.delivered - first.delivered;
  const { all: after } = processorTime(gateway.pid);
  await gateway.stop();
  return { events, perSecond: (events / (to - from)) * 1e6, processorUs: (after - before) / events, from, to };
}
let drains = 0;

if (import.meta.main) {
  const sink = await startSink();
  for (const { name, config, hits } of FORMS)
    console.log(name, await drained(sink, config, hits, Number(process.argv[2] ?? 10)));
  await sink.stop();
}
