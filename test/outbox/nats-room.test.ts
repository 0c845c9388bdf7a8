import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.ts';
import { startCluster } from '../support/cluster.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { natsServer, skipNats } from '../support/nats.ts';
import type { Served } from '../support/serve.ts';
import { startSink } from '../torture/support/sink.ts';
import { keyOf, purchases } from '../torture/support/world.ts';

// The room that several gateways have together, and for which route it is taken (docs/cluster.md).

it.skipIf(skipNats)(
  'each gateway says the same of a route that lags: the part of the room that is taken for it alone',
  { timeout: 120_000 },
  async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    const sink = await startSink();
    const cluster = await startCluster({
      brokers: 1,
      gateways: 2,
      routes: ['ga4', 'meta'],
      sink: sink.url,
      delivery: 'max_size: 1MB',
    });
    onTestFinished(async () => {
      await cluster.stop();
      await sink.close();
    });
    sink.answer('meta', () => ({ status: 503 }));
    const [a, b] = cluster.gateways as [Served, Served];
    const said = ({ adminUrl }: Served) =>
      metricsOf(adminUrl).then(({ sum }) => ({
        meta: sum('portvakt_outbox_route_ratio', { route: keyOf('meta') }),
        ga4: sum('portvakt_outbox_route_ratio', { route: keyOf('ga4') }),
        used: sum('portvakt_outbox_used_ratio'),
        waiting: sum('portvakt_outbox_waiting'),
      }));
    const both = async () => {
      const [ofA, ofB] = await Promise.all([said(a), said(b)]);
      return { ofA, ofB, same: ofA.meta === ofB.meta && ofA.used === ofB.used && ofA.ga4 === ofB.ga4 };
    };
    for (let n = 0; n < 60; n++) expect((await ask((n % 2 === 0 ? a : b).url, purchases([n]))).status).toBe(204);
    await until('only Meta waits, on both, and both know it', async () => {
      const { ofA, ofB, same } = await both();
      return same && ofA.waiting > 0 && ofB.waiting > 0 && ofA.waiting + ofB.waiting === 60 && ofA.ga4 === 0;
    });
    const { ofA } = await both();
    // 60 events of some 700 bytes and 400 beside them, of 1 MB.
    expect(ofA.meta).toBeGreaterThan(0.03);
    expect(ofA.meta).toBeLessThan(0.15);
    expect(ofA.used).toBeCloseTo(ofA.meta, 5);
    sink.answer('meta', undefined);
    await until(
      'nothing is taken for anybody',
      async () => {
        const { ofA: one, ofB: other } = await both();
        return [one, other].every(({ meta, ga4, used }) => meta === 0 && ga4 === 0 && used === 0);
      },
      60_000,
    );
  },
);
