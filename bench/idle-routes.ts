import { destinations } from '../destinations/index.ts';
import type { Gateway } from '../src/policy/gateway.ts';
import type { Hit } from '../src/protocols/hit.ts';
import { decideOne, FIVE_ROUTES, gatewayOf, hitsOf } from './pure.ts';
import { shown } from './ratios.ts';

/**
 * What routes cost that are configured and not used: a purchase that five of fourteen routes take beside the same where
 * there are only those five, in turns of one run, the pure path alone. `node idle-routes.ts [--seconds 1]` prints one
 * line of JSON; `ratio` is the processor time of the one through that of the other, median and quartiles of the pairs.
 */

const CONFIGURED = 14;
const USED = 5;
/** Processor time one turn takes at least, microseconds: systems count it in steps of up to 10 ms. */
const TURN = 150_000;

/** Routes of the reference configuration, and one of every other destination there is, filled up by more of them. */
function fourteen(): string {
  const used = new Set(gatewayOf(FIVE_ROUTES).sites[0]?.routes.map(({ destination }) => destination.name));
  const others = Object.values(destinations).filter(({ name }) => !used.has(name));
  const idle = others.length === 0 ? Object.values(destinations) : others;
  const routes = Array.from({ length: CONFIGURED - USED }, (_, i) => {
    const { name, examples } = idle[i % idle.length] as (typeof idle)[number];
    const section = { type: name, ...examples[0]?.settings, events: ['never_sent'] };
    // YAML reads JSON.
    return `      idle_${i}: ${JSON.stringify(section)}\n`;
  });
  return FIVE_ROUTES.replace('    destinations:', (line) => `${line}\n${routes.join('')}#`);
}

function turn(gateway: Gateway, hits: readonly Hit[]): number {
  const before = process.threadCpuUsage();
  for (let decided = hits.length; ; decided += hits.length) {
    for (const hit of hits) decideOne(hit, gateway);
    const { user, system } = process.threadCpuUsage(before);
    if (user + system >= TURN) return (user + system) / decided;
  }
}

/** @throws when a hit does not lead to five rows, so that no figure is that of work that was left out */
function pairs(seconds: number): readonly (readonly [few: number, all: number])[] {
  const gateways = [gatewayOf(FIVE_ROUTES), gatewayOf(fourteen())] as const;
  const hits = hitsOf(512, { choice: 'granted', purchase: true });
  if (gateways[1].sites[0]?.routes.length !== CONFIGURED) throw new Error('not fourteen routes');
  for (const gateway of gateways) {
    if (hits.some((hit) => decideOne(hit, gateway) !== USED)) throw new Error('a hit does not lead to five rows');
    turn(gateway, hits);
  }
  const found: [number, number][] = [];
  for (const end = performance.now() + seconds * 4000; found.length < 5 || performance.now() < end; )
    found.push([turn(gateways[0], hits), turn(gateways[1], hits)]);
  return found;
}

const at = process.argv.indexOf('--seconds');
const found = pairs(at === -1 ? 1 : Number(process.argv[at + 1]));
console.log(
  JSON.stringify({
    configured: CONFIGURED,
    used: USED,
    types: Object.keys(destinations).length,
    five: shown(found.map(([few]) => few)),
    fourteen: shown(found.map(([, all]) => all)),
    ratio: shown(found.map(([few, all]) => all / few)),
  }),
);
