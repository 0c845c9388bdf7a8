import { ask } from '../support/ask.ts';
import { clusterConfig, ROOT_KEY, startCluster } from '../support/cluster.ts';
import { wireTo } from '../support/cut.ts';
import { metricsOf, until } from '../support/metrics.ts';
import type { Served } from '../support/serve.ts';
import { startGateway } from './support/gateway.ts';
import { pause } from './support/load.ts';
import { fine, startSink } from './support/sink.ts';
import { compare } from './support/summary.ts';
import { eventId, purchases, withdrawal, type RouteName } from './support/world.ts';

/** Problems that were found, and how many times each could have occurred. */
export interface Seen {
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

const ROUTES: readonly RouteName[] = ['meta'];

/**
 * A gateway that holds events is cut off from the brokers; their visitors withdraw on another one; the vendor comes back.
 * The one that was cut off sends none of them, then or when it is connected again.
 */
export async function cutOff(visitors: number): Promise<Seen> {
  const sink = await startSink();
  const cluster = await startCluster({ brokers: 3, gateways: 1, routes: ROUTES, sink: sink.url });
  const wires = await Promise.all(cluster.brokers.map(({ url }) => wireTo(url)));
  const wired = cluster.brokers.map(({ monitor }, i) => ({ url: `nats://127.0.0.1:${wires[i]?.port}`, monitor }));
  const env = { PORTVAKT_ROOT_KEY: ROOT_KEY };
  const apart = await startGateway({ config: clusterConfig(wired, ROUTES), sink: sink.url, env });
  const problems: string[] = [];
  const sent: { readonly ids: readonly string[]; readonly at: number }[] = [];
  let down = true;
  sink.answer('meta', (_, ids) => {
    sent.push({ ids, at: Date.now() });
    return down ? { status: 503 } : fine('meta', ids);
  });
  const waiting = async (gateway: Served): Promise<number> =>
    (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting');
  try {
    const other = cluster.gateways[0] as Served;
    // Both deliver a share.
    let tried = 9_100_000;
    await until(
      'the one apart holds something',
      async () => {
        await ask(other.url, purchases([tried++]));
        return (await waiting(apart)) > 0;
      },
      60_000,
    );
    const mine = Array.from({ length: visitors }, (_, i) => 9_000_000 + i);
    const theirs = Array.from({ length: visitors }, (_, i) => 9_050_000 + i);
    for (const n of [...mine, ...theirs])
      if ((await ask(other.url, purchases([n]))).status !== 204) problems.push(`event ${n} was not taken`);
    await until('all wait', async () => (await waiting(apart)) + (await waiting(other)) >= visitors * 2, 30_000);
    const held = await waiting(apart);
    for (const wire of wires) wire.cut();
    const answers = await Promise.all(mine.map((n) => ask(other.url, withdrawal(n))));
    const answered = Date.now();
    for (const { status } of answers) if (status !== 204) problems.push(`a withdrawal was answered ${status}`);
    down = false;
    const arrived = (): boolean => compare(new Set(theirs), sink, ROUTES).missing.length === 0;
    await until('what nobody withdrew arrives by the other one', arrived, 90_000);
    for (const wire of wires) wire.mend();
    await pause(5_000);
    const gone = new Set(mine.map(eventId));
    for (const { ids, at } of sent)
      for (const id of ids) if (gone.has(id) && at > answered) problems.push(`${id} was sent after its withdrawal`);
    if (held === 0) problems.push('the one apart held nothing');
    return { problems, figures: { held, withdrawals: mine.length } };
  } finally {
    await apart.stop('SIGKILL');
    for (const wire of wires) wire.close();
    await cluster.stop();
    await sink.close();
  }
}

/** A vendor is down until nothing more is taken: what was answered 204 arrives when it is back, and events are taken again. */
export async function filled(): Promise<Seen> {
  const sink = await startSink();
  const cluster = await startCluster({
    brokers: 1,
    gateways: 2,
    routes: ROUTES,
    sink: sink.url,
    delivery: 'max_size: 1MB',
  });
  const problems: string[] = [];
  sink.answer('meta', () => ({ status: 503 }));
  const acknowledged = new Set<number>();
  try {
    let refused = 0;
    for (let n = 9_200_000; refused < 20 && n < 9_210_000; n++) {
      const { status } = await ask((cluster.gateways[n % 2] as Served).url, purchases([n], n, 20));
      if (status === 204) acknowledged.add(n);
      else if (status === 503) refused++;
      else problems.push(`answered ${status}`);
    }
    if (refused === 0) problems.push('it was never full');
    const taken = acknowledged.size;
    sink.answer('meta', undefined);
    const arrived = (): boolean => compare(acknowledged, sink, ROUTES).missing.length === 0;
    await until('all of it arrives', arrived, 90_000).catch(() => undefined);
    problems.push(...compare(acknowledged, sink, ROUTES).missing.map(({ n }) => `event ${n} was dropped`));
    await until('events are taken again', async () => {
      const { status } = await ask((cluster.gateways[0] as Served).url, purchases([9_300_000]));
      return status === 204;
    });
    return { problems, figures: { taken, refused } };
  } finally {
    await cluster.stop();
    await sink.close();
  }
}
