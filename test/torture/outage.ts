import { readFileSync } from 'node:fs';
import { ask } from '../support/ask.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, percentile, startLoad } from './support/load.ts';
import { startSink } from './support/sink.ts';
import { compare, drained, unbalanced, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, eventId, purchases, withdrawal, type RouteName } from './support/world.ts';

const ROUTES: readonly RouteName[] = ['ga4', 'meta'];
/** From this length of an outage on, a route tries again after up to five minutes, before that after 30 s (design 2). */
const LONG_MS = 5 * 60_000;
const LONGEST_WAIT_MS = 5 * 60_000;
/** Numbers of its own for the visitor who withdraws. */
const VISITOR = 8_000_000;

/**
 * One of two vendors is gone for a while, in real time (R54): collecting is as fast, the other vendor gets its events as
 * soon as before, memory does not grow with the queue, everything is delivered afterwards, and what a visitor has taken
 * back in between is not sent.
 */
export async function outage({ full, say, minutes = full ? 5 : 0.07 }: Form): Promise<Summary> {
  const started = performance.now();
  const outageMs = minutes * 60_000;
  const sink = await startSink();
  const gateway = await startGateway({ config: configOf(ROUTES), sink: sink.url });
  const tally = newTally();
  const problems: string[] = [];
  const load = startLoad({ url: gateway.url, clients: 4, pauseMs: 20 }, tally);
  const warmUp = Math.min(outageMs, 20_000);
  await pause(warmUp / 2);
  tally.latencies.length = 0;
  await pause(warmUp);
  const before = tally.latencies.splice(0);
  const memoryBefore = memoryOf(gateway.child.pid);
  const otherBefore = sink.accepted('ga4').size;

  let flip = 0;
  // Both kinds of gone: a refusal, and no answer at all until the client gives up.
  sink.answer('meta', () => (flip++ % 2 === 0 ? { status: 503 } : new Promise(() => {})));
  const down = performance.now();
  const mine = await ask(gateway.url, purchases([VISITOR], VISITOR));
  if (mine.status !== 204) problems.push(`answer of ${mine.status}`);
  for (let passed = 0; passed < outageMs; passed += 10_000) {
    await pause(Math.min(10_000, outageMs - passed));
    say(`${((performance.now() - down) / 1000).toFixed(0)} s down, ${tally.acknowledged.size} events acknowledged`);
  }
  const back = await ask(gateway.url, withdrawal(VISITOR));
  if (back.status !== 204) problems.push(`answer of ${back.status} to the withdrawal`);
  const during = tally.latencies.splice(0);
  const memoryAfter = memoryOf(gateway.child.pid);
  if (sink.accepted('ga4').size - otherBefore < during.length * 0.9) problems.push('the other vendor had to wait');
  const waiting = sink.accepted('ga4').size - sink.accepted('meta').size;
  sink.answer('meta', undefined);
  const recovered = performance.now();
  await load.stop();
  const metrics = await drained(gateway, outageMs < LONG_MS ? 45_000 : LONGEST_WAIT_MS + 45_000);
  const catchUp = performance.now() - recovered;

  const { missing, ...counts } = compare(tally.acknowledged, sink, ROUTES);
  problems.push(...wrongAnswers(tally), ...unbalanced(metrics, ROUTES));
  problems.push(...missing.map(({ route, n }) => `event ${n} never reached ${route}`));
  if (sink.accepted('meta').has(eventId(VISITOR))) problems.push('an event went out after its visitor had withdrawn');
  if (metrics.sum('portvakt_outcomes_total', { outcome: 'withdrawn' }) !== 1)
    problems.push('the withdrawal was not counted');
  await gateway.stop();
  await sink.close();
  const ms = (values: readonly number[]) =>
    `${percentile(values, 0.5).toFixed(1)} / ${percentile(values, 0.99).toFixed(1)} ms`;
  return {
    ...counts,
    otherwise: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      outage: `${(outageMs / 1000).toFixed(0)} s`,
      'answers before, p50 / p99': ms(before),
      'answers during, p50 / p99': ms(during),
      'memory before, after': `${memoryBefore.toFixed(0)} MB, ${memoryAfter.toFixed(0)} MB`,
      'waiting at the end of the outage': waiting,
      'caught up after': `${(catchUp / 1000).toFixed(1)} s`,
    },
    problems,
  };
}

/** Resident memory of a process, MB; 0 where the system does not say. */
export function memoryOf(pid: number | undefined): number {
  try {
    const [, kb = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kb) / 1024;
  } catch {
    return 0;
  }
}
