import { afterEach, describe, expect, it } from 'vitest';
import { metricsOf, until } from '../support/metrics.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, startLoad } from './support/load.ts';
import { startSink, type Sink } from './support/sink.ts';
import { configOf, eventId } from './support/world.ts';
import { restart } from './restart.ts';

it('loses nothing and answers nothing but 204 and 503 through restarts under load', { timeout: 180_000 }, async () => {
  const seen = await restart({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  expect(seen.acknowledged).toBeGreaterThan(100);
  expect(seen.delivered).toBe(seen.acknowledged);
});

describe('a vendor that does not answer while the gateway is told to stop', () => {
  let sink: Sink;
  afterEach(() => sink.close());

  it('is left alone after a few seconds; the restart delivers what was left', { timeout: 60_000 }, async () => {
    sink = await startSink();
    let answering = false;
    sink.answer('meta', async (_, ids) => {
      while (!answering) await pause(20);
      return { status: 200, body: `{"events_received":${ids.length}}` };
    });
    const tally = newTally();
    const first = await startGateway({ config: configOf(['meta']), sink: sink.url });
    const load = startLoad({ url: first.url, clients: 4 }, tally);
    await until('events are taken', () => tally.acknowledged.size > 10, 60_000);
    await load.stop();
    const asked = performance.now();
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);

    const second = await startGateway({ config: configOf(['meta']), sink: sink.url, data: first.data });
    const left = (await metricsOf(second.adminUrl)).sum('portvakt_outbox_waiting');
    answering = true;
    expect(left).toBe(tally.acknowledged.size);
    await expect
      .poll(() => [...tally.acknowledged].filter((n) => !sink.accepted('meta').has(eventId(n))), { timeout: 20_000 })
      .toEqual([]);
    await second.stop();
  });

  it('does not hold up a second signal', async () => {
    sink = await startSink();
    sink.answer('meta', () => new Promise(() => {}));
    const gateway = await startGateway({ config: configOf(['meta']), sink: sink.url });
    const load = startLoad({ url: gateway.url, clients: 2 });
    await pause(400);
    await load.stop();
    gateway.child.kill('SIGTERM');
    await expect.poll(() => gateway.log(), { timeout: 5_000 }).toContain('stopping');
    const asked = performance.now();
    // The second one ends it with a code that says that it was not graceful.
    expect(await gateway.stop('SIGTERM')).toBe(1);
    expect(performance.now() - asked).toBeLessThan(2_000);
  });
});
