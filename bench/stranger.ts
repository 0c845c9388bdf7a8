import { GA4_ONLY } from './hits.ts';
import { decideOne, gatewayOf, hitsOf } from './pure.ts';
import type { Gateway } from '../src/policy/gateway.ts';
import type { Hit } from '../src/sources/hit.ts';

/**
 * What the worst request of a stranger costs beside a granted hit of two events: `node bench/stranger.ts` prints one
 * line of JSON. Every filling is tried in one event of 28 kB, and in 25 events that share as much as they may.
 */

/** The worst there is for each detector, and for reading the parameters themselves. */
export const FILLINGS: Readonly<Record<string, string>> = {
  cards: '41-11-',
  'numbers in pairs': '12-12-',
  phones: 'tlf 1234567 ',
  'phones abroad': '0047 1',
  'national ids': '010170_',
  IBAN: 'NO93 8',
  'e-mail': 'a@a.no-',
  'many @': '@',
  'IP addresses': '1.2.3.',
  IPv6: '2001:db8:',
  dates: 'født 14.02.19',
  positions: '59.12345,',
  pairs: 'ab=1&',
  JSON: '"ab":1,',
  'click ids': 'gclid=x&',
  cookies: 'fb.1.1795',
  tokens: 'a1B2',
  encoded: '%2525',
  entities: '&#64',
  escapes: '\\u004',
  addresses: 'x.no/?a ',
  paths: '/a?b=/',
  'copies of ids': '482310557 ',
  'cards behind entities': '41-11-&amp;amp;amp;',
  'zeros in pairs': '00-',
  'no id after all': '991399-1234 ',
  'a day and four digits': 'art 010170-1234 ',
};

/** Characters of one request's address: Node takes 32 KiB of headers. */
const LARGEST = 28_000;
/** What 25 lines may share: `LIMITS.expanded` in `src/sources/limits.ts`, less the lines themselves. */
const SHARED = 5_000;
const VALUE = 1_000;

/** A granted hit whose parameters are full of one filling. */
function stuffed(hit: Hit, filling: string, lines: number): Hit {
  const query = new URLSearchParams(hit.query);
  const value = filling.repeat(Math.ceil(VALUE / filling.length)).slice(0, VALUE);
  const wire = new URLSearchParams({ value }).toString().length;
  const size = (lines === 1 ? LARGEST : SHARED) - hit.query.length;
  const count = Math.max(1, Math.floor(size / wire));
  for (let i = 0; i < count; i++) query.set(`ep.p${i}`, value);
  const body = lines === 1 ? '' : Array.from({ length: lines }, () => 'en=a').join('\r\n');
  if (lines > 1) query.delete('en');
  return { ...hit, query: query.toString(), body };
}

/** Milliseconds of this thread's processor time for one hit, the least of some turns: others on the machine only add. */
function cost(gateway: Gateway, hits: readonly Hit[]): number {
  let least = Infinity;
  for (let turn = 0; turn < 7; turn++) {
    const before = globalThis.process.threadCpuUsage();
    let decided = 0;
    let spent = 0;
    while (spent < 20_000) {
      for (const hit of hits) decideOne(hit, gateway);
      decided += hits.length;
      const { user, system } = globalThis.process.threadCpuUsage(before);
      spent = user + system;
    }
    least = Math.min(least, spent / decided);
  }
  return least / 1000;
}

if (import.meta.main) {
  const gateway = gatewayOf(GA4_ONLY);
  const [one] = hitsOf(1, { choice: 'granted' });
  if (one === undefined) throw new Error('no hit to begin with');
  const pair = hitsOf(64, { choice: 'granted', events: 2 });
  const granted = cost(gateway, pair);
  // Measured beside each other: what else the machine does changes from minute to minute.
  const ratios = Object.entries(FILLINGS).flatMap(([name, filling]) =>
    [1, 25].map((lines) => ({
      name: `${name}, ${lines === 1 ? 'one event' : '25 events'}`,
      ratio: Math.round((cost(gateway, [stuffed(one, filling, lines)]) / cost(gateway, pair)) * 10) / 10,
    })),
  );
  ratios.sort((a, b) => b.ratio - a.ratio);
  console.log(JSON.stringify({ granted_two_events_ms: granted, worst: ratios[0], ratios }));
}
