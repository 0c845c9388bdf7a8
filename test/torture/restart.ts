import { rmSync } from 'node:fs';
import { freePort } from '../../src/demo/free-ports.ts';
import { temporary } from '../support/serve.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, startLoad } from './support/load.ts';
import { startSink } from './support/sink.ts';
import { compare, drained, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, type RouteName } from './support/world.ts';

const ROUTES: readonly RouteName[] = ['ga4', 'meta'];
const STOP_MS = 10_000;
/**
 * Between two processes no process listens on the port: connections are refused, and those the system had taken but the
 * process had not are reset. That is no answer, and the client tries again, as browsers and load balancers do.
 */
const GAP = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
 * Rolling restart under load (R61, C8): the gateway is told to stop, ends by itself, and is started again on the same
 * port. Every failure of a connection beyond the gap counts as an error.
 */
export async function restart({
  full,
  say,
  rounds: planned = full ? 100 : 3,
  minutes = Infinity,
}: Form): Promise<Summary> {
  const started = performance.now();
  const data = temporary();
  const sink = await startSink();
  // Answers that take a while, so that there is always something in flight when the signal comes.
  for (const route of ROUTES)
    sink.answer(route, async (_, ids) => (await pause(30), { status: 200, body: `{"events_received":${ids.length}}` }));
  const listen = `127.0.0.1:${await freePort()}`;
  const start = () => startGateway({ config: configOf(ROUTES), sink: sink.url, data, args: ['--listen', listen] });
  const tally = newTally();
  const problems: string[] = [];
  let slowest = 0;
  let gateway = await start();
  const load = startLoad({ url: `http://${listen}`, clients: 12, again: 1_000 }, tally);
  let rounds = 0;
  while (rounds < planned && performance.now() - started < minutes * 60_000) {
    const round = ++rounds;
    await pause(300 + Math.random() * 400);
    const asked = performance.now();
    const code = await gateway.stop('SIGTERM');
    const took = performance.now() - asked;
    slowest = Math.max(slowest, took);
    if (code !== 0) problems.push(`round ${round}: exit code ${code}: ${gateway.log().slice(-500)}`);
    if (took > STOP_MS) problems.push(`round ${round}: stopping took ${took.toFixed(0)} ms`);
    gateway = await start();
    if (round % 10 === 0) say(`${round} of ${planned} restarts, ${tally.acknowledged.size} events acknowledged`);
  }
  await load.stop();
  await drained(gateway, 60_000);
  await gateway.stop();
  await sink.close();

  const { missing, ...counts } = compare(tally.acknowledged, sink, ROUTES);
  problems.push(...wrongAnswers(tally), ...missing.map(({ route, n }) => `event ${n} never reached ${route}`));
  for (const [code, n] of tally.unanswered) if (!GAP.has(code)) problems.push(`${n} connections failed: ${code}`);
  rmSync(data, { recursive: true });
  return {
    ...counts,
    otherwise: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      restarts: rounds,
      'slowest stop': `${slowest.toFixed(0)} ms`,
      'answers of 503': tally.statuses.get(503) ?? 0,
      'connections refused in the gap': tally.unanswered.get('ECONNREFUSED') ?? 0,
      'connections reset in the gap': tally.unanswered.get('ECONNRESET') ?? 0,
    },
    problems,
  };
}
