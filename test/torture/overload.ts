import { readFileSync } from 'node:fs';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, percentile, startLoad, type Tally } from './support/load.ts';
import { memoryOf } from './outage.ts';
import { startSink } from './support/sink.ts';
import { compare, drained, unbalanced, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, purchases, type RouteName } from './support/world.ts';

const CLIENTS = 400;
const ROUTES: readonly RouteName[] = ['ga4', 'meta', 'linkedin', 'microsoft_ads'];
/** How far the share of refusals of one client may be from that of all, when each had some dozens of answers. */
const BAND = 0.25;
/** The share of the memory that the unit in `deploy/` gives the gateway: what a flood may take of it. */
const MEMORY_SHARE = 0.85;
/**
 * More than the machine can take: some are refused at once, the others are answered, memory stays bounded, nothing
 * that was taken is lost, and afterwards all is as before.
 */
export async function overload({ full, say }: Form): Promise<Summary> {
  const started = performance.now();
  const sink = await startSink();
  const gateway = await startGateway({ config: configOf(ROUTES), sink: sink.url });
  const rest = memoryOf(gateway.child.pid);
  const problems: string[] = [];
  const tally = newTally();
  // Many events in each request: the gateway has more to do with one than the client has.
  const load = startLoad({ url: gateway.url, clients: CLIENTS, events: 25 }, tally);
  const ms = full ? 60_000 : 8_000;
  let peak = rest;
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await pause(250);
    peak = Math.max(peak, memoryOf(gateway.child.pid));
    if (full) say(`${tally.statuses.get(204) ?? 0} taken, ${tally.statuses.get(503) ?? 0} refused`);
  }
  const { figure: spread, problems: uneven } = evenness(tally, full);
  problems.push(...uneven);
  await load.stop();
  const stopped = performance.now();
  await until('events are taken again', async () => (await ask(gateway.url, purchases([3_000_000]))).status === 204);
  const again = performance.now() - stopped;
  const metrics = await drained(gateway, 120_000);
  const { missing, ...counts } = compare(tally.acknowledged, sink, ROUTES);
  problems.push(...wrongAnswers(tally), ...unbalanced(metrics, ROUTES));
  problems.push(...missing.map(({ route, n }) => `event ${n} never reached ${route}`));
  for (const [code, n] of tally.unanswered) problems.push(`${n} requests without an answer: ${code}`);
  const given = memoryGiven();
  if (peak > given * MEMORY_SHARE)
    problems.push(`memory was ${peak.toFixed(0)} of the ${given} MB that the unit gives`);
  await gateway.stop();
  await sink.close();
  const { latencies, statuses } = tally;
  return {
    ...counts,
    otherwise: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      'requests taken / refused': `${statuses.get(204) ?? 0} / ${statuses.get(503) ?? 0}`,
      'answers of 204, p50 / p99': `${percentile(latencies, 0.5).toFixed(0)} / ${percentile(latencies, 0.99).toFixed(0)} ms`,
      'slowest answer of 204': `${Math.max(0, ...latencies).toFixed(0)} ms`,
      'answers of a client': spread,
      'memory at rest, at most': `${rest.toFixed(0)} MB, ${peak.toFixed(0)} MB of ${given}`,
      'takes events again after': `${again.toFixed(0)} ms`,
    },
    problems,
  };
}

/** `MemoryMax=` of the systemd unit, MB. */
function memoryGiven(): number {
  const unit = readFileSync(new URL('../../deploy/systemd/portvakt.service', import.meta.url), 'utf8');
  const [, gigabytes] = /^MemoryMax=(\d+)G$/m.exec(unit) ?? [];
  if (gigabytes === undefined) throw new Error('the unit names no MemoryMax in gigabytes');
  return Number(gigabytes) * 1024;
}

/** Nobody waits while others are served again and again; over a minute, all are refused equally often. */
function evenness({ shares }: Tally, full: boolean): { figure: string; problems: string[] } {
  const answers = shares.map(({ taken, refused }) => taken + refused);
  const mean = sum(answers) / CLIENTS;
  const refusedOfAll = sum(shares.map(({ refused }) => refused)) / sum(answers);
  const refused = shares.map((share, i) => share.refused / (answers[i] || 1));
  const [least, most] = [Math.min(...answers), Math.max(...answers)];
  const [rarely, often] = [Math.min(...refused), Math.max(...refused)];
  const problems: string[] = [];
  if (full && least === 0) problems.push(`${answers.filter((n) => n === 0).length} clients had no answer at all`);
  if (full && least < mean / 4) problems.push(`a client had ${least} answers where ${mean.toFixed(0)} are usual`);
  if (full && (refusedOfAll - rarely > BAND || often - refusedOfAll > BAND))
    problems.push('refusals are spread unevenly');
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  const figure = `${least} to ${most}, refused ${percent(rarely)} to ${percent(often)} of them, of all ${percent(refusedOfAll)}`;
  return { figure, problems };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
