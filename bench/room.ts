import { webHits, GA4_ONLY, type BenchRequest, type HitOptions } from './hits.ts';
import { FIVE_ROUTES } from './pure.ts';
import { CHECKOUT_MAIN, startGateway, type GatewayServer } from './servers.ts';

/**
 * How much room in the outbox an event takes that waits, bytes, while its vendors cannot be reached. Each hit is of another
 * visitor, so that nothing is shared. It counts, and measures no time. `node bench/room.ts`
 */
const HITS = 16_000;
/** Not counted: the file's first pages. */
const FIRST = 4_000;
const CONNECTIONS = 16;
/** No program listens there. */
const NOBODY = 'http://127.0.0.1:9';

const TWO_ROUTES = `${GA4_ONLY}      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }\n`;
const FORMS: readonly { readonly name: string; readonly config: string; readonly how: HitOptions }[] = [
  { name: 'one event, one route', config: GA4_ONLY, how: { choice: 'granted' } },
  { name: 'one purchase, two routes', config: TWO_ROUTES, how: { choice: 'granted', purchase: true } },
  { name: 'two purchases, five routes', config: FIVE_ROUTES, how: { choice: 'granted', events: 2, purchase: true } },
];

interface Filled {
  readonly bytes: number;
  readonly pairs: number;
}

async function filled({ adminUrl }: GatewayServer): Promise<Filled> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0);
  return { bytes: sum('portvakt_outbox_bytes'), pairs: sum('portvakt_outbox_waiting') };
}

async function send(url: string, hits: readonly BenchRequest[]): Promise<void> {
  const rest = hits.values();
  const one = async (): Promise<void> => {
    for (const { path, method, headers, body } of rest) {
      const answer = await fetch(`${url}${path}`, { method, headers, ...(body !== '' && { body }) });
      if (answer.status !== 204) throw new Error(`answered ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

for (const { name, config, how } of FORMS) {
  const gateway = await startGateway({ config, sink: NOBODY, main: CHECKOUT_MAIN });
  const hits = webHits(HITS, how);
  await send(gateway.url, hits.slice(0, FIRST));
  const before = await filled(gateway);
  await send(gateway.url, hits.slice(FIRST));
  const after = await filled(gateway);
  await gateway.stop();
  const [bytes, pairs] = [after.bytes - before.bytes, after.pairs - before.pairs].map((all) => all / (HITS - FIRST));
  console.log(`${name}: ${bytes?.toFixed(0)} bytes a hit, which waits as ${pairs?.toFixed(2)} events of a route`);
}
