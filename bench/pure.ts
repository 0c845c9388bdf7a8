import { readFileSync } from 'node:fs';
import { compileGateway } from '../src/config/compile/index.ts';
import { loadConfig } from '../src/config/load.ts';
import { recordsOf } from '../src/delivery/records.ts';
import { decideHit } from '../src/decide/index.ts';
import type { Gateway } from '../src/policy/gateway.ts';
import type { Hit } from '../src/protocols/hit.ts';
import { GA4_ONLY, webHits, type HitOptions } from './hits.ts';

/**
 * The pure path alone, in one process: hits per second of `decideHit(hit)`, with the records that would be stored, and how
 * the work grows. `node --expose-gc pure.ts [--seconds 1]` prints one line of JSON.
 */

export const FIVE_ROUTES = readFileSync(new URL('five-routes.yaml', import.meta.url), 'utf8');

/** A gateway out of a configuration, with stand-in secrets. */
export function gatewayOf(text: string): Gateway {
  const loaded = loadConfig(text, 'bench.yaml', Date.now());
  if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings));
  return compileGateway(loaded.config, {
    value: () => 'a secret of the benches, long enough',
    rootKey: new Uint8Array(32).fill(7),
  });
}

/** The hits a listener would make of these requests. */
export function hitsOf(count: number, options: HitOptions): Hit[] {
  return webHits(count, options).map(({ method, path, headers, body }, i) => ({
    id: i.toString(16).padStart(32, '0'),
    at: Date.now(),
    method,
    path: path.slice(0, path.indexOf('?')),
    query: path.slice(path.indexOf('?') + 1),
    host: headers['Host'] ?? '',
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body,
    peer: '203.0.113.7',
  }));
}

/** Decides one hit as the collecting side does; gives for how many routes something is to be stored, counted for each event. */
export function decideOne(hit: Hit, gateway: Gateway): number {
  const protocol = gateway.doors(hit.path)?.protocol;
  if (protocol === undefined) throw new Error('no door');
  const done = decideHit(hit, protocol, gateway);
  if ('problem' in done) throw new Error(done.problem.detail);
  const { records } = recordsOf(done.trace, gateway.policy);
  return records.reduce((sum, { routes }) => sum + routes.length, 0);
}

/** Processor time one turn takes at least, microseconds: systems count it in steps of up to 10 ms. */
const TURN = 150_000;

/**
 * Microseconds of this thread's processor time for one hit that leads to `rows` rows: the median of some turns.
 * @throws when it leads to another number of rows, so that no figure is that of work that was left out
 */
function microseconds(gateway: Gateway, hits: readonly Hit[], rows: number, seconds: number): number {
  for (const hit of hits) {
    const found = decideOne(hit, gateway);
    if (found !== rows) throw new Error(`a hit of the bench leads to ${found} rows instead of ${rows}`);
  }
  const turn = (): number => {
    const before = globalThis.process.threadCpuUsage();
    for (let decided = hits.length; ; decided += hits.length) {
      for (const hit of hits) decideOne(hit, gateway);
      const { user, system } = globalThis.process.threadCpuUsage(before);
      if (user + system >= TURN) return (user + system) / decided;
    }
  };
  const until = (ms: number): number[] => {
    const turns: number[] = [];
    for (const end = performance.now() + ms; turns.length === 0 || performance.now() < end; ) turns.push(turn());
    return turns;
  };
  until(seconds * 400);
  const turns = until(seconds * 1000).toSorted((a, b) => a - b);
  return turns[turns.length >> 1] as number;
}

/** A configuration with `count` routes of one kind beside each other. */
function withRoutes(count: number): string {
  const routes = Array.from(
    { length: count },
    (_, i) => `      ga4_${i}: { type: ga4, measurement_id: G-TEST${String(i + 1).padStart(6, '0')}, region: eu }`,
  );
  const more = Array.from(
    { length: count - 1 },
    (_, i) => `      ms_${i}: { type: microsoft_ads, tag_id: "${97_000_001 + i}", access_token: "\${TOKEN}" }`,
  );
  return GA4_ONLY.replace(/ {6}ga4: .*\n/, `${[routes[0], ...more].join('\n')}\n`);
}

/** A configuration with `count` sites; the hits go to the first. */
function withSites(count: number): string {
  const [head = '', site = ''] = GA4_ONLY.split('sites:\n');
  const sites = Array.from({ length: count }, (_, i) =>
    i === 0 ? site : site.replace(', 127.0.0.1', '').replaceAll('shop.example.no', `shop-${i}.example.no`),
  );
  return `${head}sites:\n${sites.join('')}`;
}

if (import.meta.main) {
  const at = globalThis.process.argv.indexOf('--seconds');
  const seconds = at === -1 ? 1 : Number(globalThis.process.argv[at + 1]);
  const ga4 = gatewayOf(GA4_ONLY);
  const five = gatewayOf(FIVE_ROUTES);
  const granted = hitsOf(512, { choice: 'granted' });
  const perHit = {
    granted_ga4: microseconds(ga4, granted, 1, seconds),
    statistics_only_ga4: microseconds(ga4, hitsOf(512, { choice: 'statistics' }), 1, seconds),
    denied_ga4: microseconds(ga4, hitsOf(512, { choice: 'denied' }), 0, seconds),
    granted_five_routes: microseconds(five, hitsOf(512, { choice: 'granted', purchase: true }), 5, seconds),
    denied_five_routes: microseconds(five, hitsOf(512, { choice: 'denied', purchase: true }), 0, seconds),
  };
  const growth = {
    events: [1, 10, 25].map((n) => [
      n,
      microseconds(ga4, hitsOf(128, { choice: 'granted', events: n }), n, seconds / 2),
    ]),
    routes: [1, 5, 20].map((n) => [
      n,
      microseconds(gatewayOf(withRoutes(n)), hitsOf(128, { choice: 'granted', purchase: true }), n, seconds / 2),
    ]),
    sites: [1, 500].map((n) => [n, microseconds(gatewayOf(withSites(n)), granted, 1, seconds / 2)]),
  };
  console.log(JSON.stringify({ perHit, growth }));
}
