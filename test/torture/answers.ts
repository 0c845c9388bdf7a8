import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deadInfos } from '../../src/outbox/sql/outbox-inspect.ts';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { startGateway } from './support/gateway.ts';
import { memoryOf } from './outage.ts';
import { pause } from './support/load.ts';
import { fine } from './support/sink.ts';
import { drained, unbalanced, type Form, type Summary } from './support/summary.ts';
import { configOf, eventId, idsIn, purchases } from './support/world.ts';

/** Above the numbers of other scenarios. */
const FIRST = 4_000_000;

/** One bad answer; afterwards the vendor is well again. */
interface Mood {
  readonly name: string;
  readonly answer: (outgoing: ServerResponse, incoming: IncomingMessage) => void;
  /** What becomes of the event: sent again and delivered, or a dead letter. */
  readonly ends: 'delivered' | 'dead';
  /** It must not be asked again before, milliseconds. */
  readonly notBefore?: number;
  readonly fullOnly?: boolean;
}

const GIGABYTE = 1_000_000_000;
const CHUNK = Buffer.alloc(1 << 20, ' ');
/** Bytes that the vendor could get rid of in its largest answer. */
let written = 0;

const MOODS: readonly Mood[] = [
  { name: 'reset before the answer', ends: 'delivered', answer: (_, incoming) => incoming.socket.destroy() },
  {
    name: 'reset in the middle of the answer',
    ends: 'delivered',
    answer: (outgoing) => {
      outgoing.writeHead(200, { 'content-length': '1000' });
      outgoing.write('{"events_received":');
      setTimeout(() => outgoing.socket?.destroy(), 50);
    },
  },
  {
    name: 'not HTTP at all',
    ends: 'delivered',
    answer: (outgoing) => void outgoing.socket?.end('hello\r\n\r\n'),
  },
  {
    name: 'a body that never ends',
    ends: 'delivered',
    fullOnly: true,
    answer: (outgoing) => {
      outgoing.writeHead(200);
      const drip = setInterval(() => outgoing.write(' '), 500);
      outgoing.on('close', () => clearInterval(drip));
    },
  },
  {
    name: 'an error with a body of a gigabyte',
    ends: 'delivered',
    answer: (outgoing) => {
      outgoing.writeHead(500, { 'content-length': String(GIGABYTE) });
      const more = (): void => {
        while (!outgoing.destroyed && written < GIGABYTE) {
          written += CHUNK.length;
          if (!outgoing.write(CHUNK)) {
            outgoing.once('drain', more);
            return;
          }
        }
      };
      more();
    },
  },
  {
    name: 'a redirect to another host',
    ends: 'dead',
    answer: (outgoing) => outgoing.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
  },
  {
    name: '200 with an error in it',
    ends: 'dead',
    answer: (outgoing) => outgoing.writeHead(200).end('{"error":{"code":100,"message":"Invalid parameter"}}'),
  },
  {
    name: '429 with seconds',
    ends: 'delivered',
    notBefore: 3_000,
    answer: (outgoing) => outgoing.writeHead(429, { 'retry-after': '3' }).end(),
  },
  {
    name: '429 with a date',
    ends: 'delivered',
    // The date has whole seconds.
    notBefore: 3_000,
    answer: (outgoing) => outgoing.writeHead(429, { 'retry-after': new Date(Date.now() + 4_000).toUTCString() }).end(),
  },
  { name: '408', ends: 'delivered', answer: (outgoing) => outgoing.writeHead(408).end() },
  { name: '500 with a page', ends: 'delivered', answer: (outgoing) => outgoing.writeHead(500).end('<html>sorry') },
];

/** Every way a vendor can answer badly: each event is sent again or ends in the dead letters, once (R56, R68, R74). */
export async function answers({ full, say }: Form): Promise<Summary> {
  const started = performance.now();
  const arrived = new Map<string, number[]>();
  const accepted = new Map<string, number>();
  const paths = new Set<string>();
  const moods = MOODS.filter(({ fullOnly }) => full || fullOnly !== true);
  let mood: Mood | undefined;
  const vendor = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    paths.add(incoming.url?.split('?')[0] ?? '');
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => {});
    outgoing.on('error', () => {});
    incoming.on('end', () => {
      const ids = idsIn(Buffer.concat(chunks).toString('utf8'));
      for (const id of ids) arrived.set(id, [...(arrived.get(id) ?? []), Date.now()]);
      const bad = mood;
      mood = undefined;
      if (bad !== undefined) {
        bad.answer(outgoing, incoming);
        return;
      }
      for (const id of ids) accepted.set(id, (accepted.get(id) ?? 0) + 1);
      outgoing.end(fine('meta', ids).body);
    });
  });
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  const sink = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
  const gateway = await startGateway({ config: configOf(['meta']), sink });
  const problems: string[] = [];
  let peak = 0;
  let deadExpected = 0;
  let delivered = 0;
  for (const [i, each] of moods.entries()) {
    const id = eventId(FIRST + i);
    mood = each;
    const { status } = await ask(gateway.url, purchases([FIRST + i]));
    if (status !== 204) problems.push(`${each.name}: an answer of ${status}`);
    try {
      if (each.ends === 'delivered') {
        await until(`${each.name}: delivered`, () => accepted.has(id), 45_000);
        delivered++;
      } else {
        deadExpected++;
        await until(`${each.name}: dead`, () => deadInfos(gateway.data).length === deadExpected, 45_000);
      }
    } catch (error) {
      problems.push(String(error));
    }
    const [first = 0, second = 0] = arrived.get(id) ?? [];
    if (each.notBefore !== undefined && second - first < each.notBefore)
      problems.push(`${each.name}: asked again after ${second - first} ms`);
    if ((accepted.get(id) ?? 0) > (each.ends === 'delivered' ? 1 : 0))
      problems.push(`${each.name}: accepted too often`);
    peak = Math.max(peak, memoryOf(gateway.child.pid));
    say(`${each.name}: ${each.ends} after ${second === 0 ? 1 : 2} requests`);
    // A breaker that was opened has closed again.
    await pause(50);
  }
  if (written > 50_000_000) problems.push(`${written} bytes of a body nobody needs were taken`);
  if ([...paths].some((path) => !path.startsWith('/graph.facebook.com/'))) problems.push('a redirect was followed');
  const reasons = deadInfos(gateway.data).map(({ reason }) => reason);
  const metrics = await drained(gateway, 30_000);
  problems.push(...unbalanced(metrics, ['meta']));
  await gateway.stop();
  vendor.closeAllConnections();
  vendor.close();
  return {
    acknowledged: moods.length,
    delivered,
    otherwise: deadExpected,
    duplicates: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      'ways to answer': moods.length,
      'bytes taken of a gigabyte': written,
      'largest memory': `${peak.toFixed(0)} MB`,
      'reasons of the dead letters': reasons.join('; '),
    },
    problems,
  };
}
