import { rmSync } from 'node:fs';
import { temporary, type Served } from '../support/serve.ts';
import { startGateway } from './support/gateway.ts';
import { until } from '../support/metrics.ts';
import { newTally, pause, startLoad } from './support/load.ts';
import { startSink } from './support/sink.ts';
import { compare, drained, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, type RouteName } from './support/world.ts';

const ROUTES: readonly RouteName[] = ['ga4', 'meta'];
/** Events answered before a kill may come: what is killed is under load. */
export const EVENTS_PER_ROUND = 20;
export const SHORT_ROUNDS = 6;

/**
 * An event may be sent again only if it was under way at a kill: sent, and its end not on disk. From a vendor's answer
 * to the disk it takes 10 ms and one commit; this leaves room for a busy machine, milliseconds.
 */
const UNDER_WAY_MS = 2_000;
/** A request sent just before the kill may be read from the socket after it, milliseconds. */
const READ_LATE_MS = 2_000;

/** kill -9 at random moments under load; what was answered 204 must reach the vendors (R50, design 2). */
export async function kill({
  full,
  say,
  rounds: planned = full ? 1_000 : SHORT_ROUNDS,
  minutes = Infinity,
}: Form): Promise<Summary> {
  const started = performance.now();
  const data = temporary();
  const sink = await startSink();
  const config = configOf(ROUTES);
  let slowStarts = 0;
  const start = async (): Promise<Served> => {
    try {
      return await startGateway({ config, sink: sink.url, data });
    } catch {
      // A machine with other things to do; a gateway that cannot start does not start the second time either.
      slowStarts++;
      return startGateway({ config, sink: sink.url, data });
    }
  };
  const tally = newTally();
  const kills: number[] = [];
  const problems: string[] = [];
  let rounds = 0;
  while (rounds < planned && performance.now() - started < minutes * 60_000) {
    const round = ++rounds;
    const gateway = await start();
    const load = startLoad({ url: gateway.url, clients: 16 }, tally);
    // Random moments, but under load: on a busy machine the first answers take their time.
    const had = tally.acknowledged.size;
    await until('events are taken', () => tally.acknowledged.size >= had + EVENTS_PER_ROUND, 60_000);
    await pause(Math.random() * 500);
    kills.push(Date.now());
    await gateway.stop('SIGKILL');
    await load.stop();
    for (const line of gateway
      .log()
      .split('\n')
      .filter((text) => text.includes('"level":"error"')))
      problems.push(`round ${round} logged an error: ${line}`);
    if (round % 25 === 0) say(`${round} of ${planned} rounds, ${tally.acknowledged.size} events acknowledged`);
  }
  const last = await start();
  await drained(last, 60_000);
  await last.stop();
  await sink.close();

  const { missing, ...counts } = compare(tally.acknowledged, sink, ROUTES);
  problems.push(...wrongAnswers(tally));
  problems.push(...missing.map(({ route, n }) => `event ${n} never reached ${route}`));
  for (const route of ROUTES) {
    for (const [id, times] of sink.accepted(route)) {
      for (let i = 1; i < times.length; i++) {
        const [first = 0, again = 0] = [times[i - 1], times[i]];
        if (!kills.some((at) => first - READ_LATE_MS < at && at < first + UNDER_WAY_MS && at < again))
          problems.push(`${id} reached ${route} twice, and was not under way at a kill`);
      }
    }
  }
  rmSync(data, { recursive: true });
  return {
    ...counts,
    otherwise: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      rounds,
      'slow starts': slowStarts,
      'duplicates per kill': (counts.duplicates / rounds).toFixed(2),
    },
    problems,
  };
}
