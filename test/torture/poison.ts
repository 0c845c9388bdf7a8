import { temporary } from '../support/serve.ts';
import { deadInfos } from '../../src/outbox/sql/outbox-inspect.ts';
import { startGateway } from './support/gateway.ts';
import { ask } from '../support/ask.ts';
import { fine, startSink } from './support/sink.ts';
import { compare, drained, unbalanced, type Form, type Summary } from './support/summary.ts';
import { configOf, eventId, keyOf, purchases, type RouteName } from './support/world.ts';

const ROUTES: readonly RouteName[] = ['meta', 'linkedin'];
const IN_ONE_REQUEST = 25;
/** Above every number the load uses. */
const FIRST = 5_000_000;

/** One event in 10,000 that its vendor never takes: the others are delivered, it ends in the dead letters (R57). */
export async function poison({ full, say }: Form): Promise<Summary> {
  const started = performance.now();
  const count = full ? 100_000 : 10_000;
  const sink = await startSink();
  const gateway = await startGateway({ config: configOf(ROUTES), sink: sink.url, data: temporary() });
  const bad = Array.from({ length: count / 10_000 }, (_, i) => FIRST + i * 10_000 + Math.floor(Math.random() * 10_000));
  const poisoned = new Set(bad.map(eventId));
  // A whole batch is refused, without a word about which event is at fault.
  sink.answer('meta', (_, ids) =>
    ids.some((id) => poisoned.has(id))
      ? { status: 400, body: '{"error":{"message":"Invalid parameter","type":"OAuthException","code":100}}' }
      : fine('meta', ids),
  );
  const acknowledged = new Set<number>();
  const problems: string[] = [];
  for (let n = FIRST; n < FIRST + count; n += IN_ONE_REQUEST) {
    const some = Array.from({ length: IN_ONE_REQUEST }, (_, i) => n + i);
    const { status } = await ask(gateway.url, purchases(some));
    if (status === 204) for (const each of some) acknowledged.add(each);
    else problems.push(`answer of ${status}`);
    if (acknowledged.size % 10_000 === 0) say(`${acknowledged.size} of ${count} events acknowledged`);
  }
  const metrics = await drained(gateway, full ? 300_000 : 30_000);
  const { missing, ...counts } = compare(acknowledged, sink, ROUTES);
  for (const { route, n } of missing) {
    if (route !== 'meta' || !poisoned.has(eventId(n))) problems.push(`event ${n} never reached ${route}`);
  }
  const dead = deadInfos(gateway.data);
  if (dead.length !== bad.length) problems.push(`${dead.length} dead letters for ${bad.length} poisoned events`);
  if (dead.some(({ route }) => route !== keyOf('meta'))) problems.push('a dead letter of another route');
  if (counts.duplicates > 0) problems.push(`${counts.duplicates} events were accepted twice`);
  problems.push(...unbalanced(metrics, ROUTES));
  await gateway.stop();
  await sink.close();
  return {
    ...counts,
    otherwise: dead.length,
    seconds: (performance.now() - started) / 1000,
    figures: {
      'dead letters': dead.length,
      'requests to the vendor that refuses': sink.requests('meta'),
      reason: dead[0]?.reason ?? '',
    },
    problems,
  };
}
