import { Agent, request } from 'node:http';
import { FILLINGS } from './fillings.ts';
import { GA4_ONLY } from './hits.ts';
import { startGateway } from './servers.ts';
import { processorTime } from './system.ts';
import { decideOne, gatewayOf, hitsOf } from './pure.ts';
import type { Gateway } from '../src/policy/gateway.ts';
import type { Hit } from '../src/protocols/hit.ts';

/**
 * What the worst request of a stranger costs beside a granted hit of two events: `node bench/stranger.ts` prints one
 * line of JSON. Every filling is tried in one event of 28 kB, and in 25 events that share as much as they may. The worst
 * of them are then sent to a gateway, whose processor time counts, HTTP and storing included: at most `MOST` times that
 * of a granted hit of two events, or it ends with an error.
 */
const MOST = 60;
/** Worst requests that are sent to a gateway, and how often each. */
const SENT = 10;
const TIMES = 200;

/** Characters of one request's address: Node takes 32 KiB of headers. */
const LARGEST = 28_000;
/** What 25 lines may share: `LIMITS.expanded` in `src/protocols/limits.ts`, less the lines themselves. */
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

/** Milliseconds of the gateway's processor time for each of `times` requests, one after the other. */
async function costAtDoor(
  { url, pid }: { url: string; pid: number },
  hits: readonly Hit[],
  times: number,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = ({ method, path, query, headers, body }: Hit): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}${path}?${query}`, { agent, method, headers }, (answer) => {
        answer.resume().on('end', () => {
          if (answer.statusCode === 204) resolve();
          else reject(new Error(`answered ${answer.statusCode}`));
        });
      });
      sent.on('error', reject).end(body);
    });
  // What is compiled while it warms up is not the request's.
  for (let i = 0; i < times / 4; i++) await send(hits[i % hits.length] as Hit);
  const before = processorTime(pid).first;
  for (let i = 0; i < times; i++) await send(hits[i % hits.length] as Hit);
  agent.destroy();
  return (processorTime(pid).first - before) / times / 1000;
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
      hit: stuffed(one, filling, lines),
      ratio: Math.round((cost(gateway, [stuffed(one, filling, lines)]) / cost(gateway, pair)) * 10) / 10,
    })),
  );
  ratios.sort((a, b) => b.ratio - a.ratio);
  const door = await startGateway({ config: GA4_ONLY, sink: 'http://127.0.0.1:9' });
  const atDoor: { name: string; ratio: number }[] = [];
  try {
    const usual = await costAtDoor(door, pair, 10 * TIMES);
    for (const { name, hit } of ratios.slice(0, SENT)) {
      atDoor.push({ name, ratio: Math.round(((await costAtDoor(door, [hit], TIMES)) / usual) * 10) / 10 });
    }
  } finally {
    await door.stop();
  }
  const decided = ratios.map(({ name, ratio }) => ({ name, ratio }));
  console.log(JSON.stringify({ granted_two_events_ms: granted, at_the_door: atDoor, decided }));
  if (atDoor.some(({ ratio }) => ratio > MOST)) throw new Error(`more than ${MOST} times a granted hit of two events`);
}
