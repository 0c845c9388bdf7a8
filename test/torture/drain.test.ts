import { afterEach, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { clusterConfig, ROOT_KEY } from '../support/cluster.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { skipNats, startBrokers, type RunningBroker } from '../support/nats.ts';
import type { Served } from '../support/serve.ts';
import { startGateway } from './support/gateway.ts';
import { pause } from './support/load.ts';
import { startSink, type Sink } from './support/sink.ts';
import { configOf, eventId, purchases } from './support/world.ts';

// `serve --drain 3s`: from SIGTERM on /readyz answers 503, and events are taken until the time is over
// (docs/operate.md).

const DRAIN_MS = 3_000;
const brokers: RunningBroker[] = [];
let sink: Sink;
afterEach(async () => {
  await sink.close();
  for (const broker of brokers.splice(0)) await broker.kill();
});

const start = async (config: string, args: readonly string[]): Promise<Served> => {
  sink = await startSink();
  return startGateway({
    config,
    sink: sink.url,
    args: ['--drain', '3s', ...args],
    env: { PORTVAKT_ROOT_KEY: ROOT_KEY },
  });
};
const readyz = ({ url }: Served) => ask(url, { method: 'GET', path: '/readyz', alone: true });

/** What a balancer sees of a stop: not ready at once, and every hit is taken that still comes for a while. Gives those that are lost. */
async function drains(gateway: Served): Promise<number[]> {
  await until('it is ready', async () => (await readyz(gateway)).status === 200, 30_000);
  const asked = performance.now();
  const ended = gateway.stop('SIGTERM');
  await until('it is not ready', async () => (await readyz(gateway)).status === 503, 1_000);
  expect(JSON.parse((await readyz(gateway)).body)).toMatchObject({ ready: false, reason: 'stopping' });
  expect((await ask(gateway.url, { method: 'GET', path: '/healthz', alone: true })).status).toBe(200);
  expect((await metricsOf(gateway.adminUrl)).sum('portvakt_ready')).toBe(0);
  const sent: number[] = [];
  for (let n = 1; performance.now() - asked < DRAIN_MS - 500; n++) {
    const { status, headers } = await ask(gateway.url, { ...purchases([n]), alone: true });
    expect([n, status, headers['connection']]).toEqual([n, 204, 'close']);
    sent.push(n);
    await pause(50);
  }
  expect(sent.length).toBeGreaterThan(5);
  expect(await ended).toBe(0);
  const took = performance.now() - asked;
  expect([took > DRAIN_MS, took < 10_000]).toEqual([true, true]);
  return sent.filter((n) => !sink.accepted('meta').has(eventId(n)));
}

describe('a gateway that is told to stop says so before it does', { timeout: 90_000 }, () => {
  it('with a file', async () => {
    expect(await drains(await start(configOf(['meta']), []))).toEqual([]);
  });

  it('with several processes', async () => {
    expect(await drains(await start(configOf(['meta']), ['--processes', '2']))).toEqual([]);
  });

  it.skipIf(skipNats)('with brokers', async () => {
    brokers.push(...(await startBrokers(1)));
    expect(await drains(await start(clusterConfig(brokers, ['meta']), []))).toEqual([]);
  });

  it('and a second signal ends it at once', async () => {
    const gateway = await start(configOf(['meta']), []);
    const asked = performance.now();
    gateway.child.kill('SIGINT');
    await expect.poll(() => gateway.log(), { timeout: 2_000 }).toContain('stopping');
    expect(await gateway.stop('SIGINT')).toBe(1);
    expect(performance.now() - asked).toBeLessThan(DRAIN_MS);
  });
});

it.each(['5', '5m', '1.5s', '61s', ''])('--drain %j is refused', async (drain) => {
  await expect(start(configOf(['meta']), ['--drain', drain])).rejects.toThrow(/serve ended with 2:[^]*up to 60s/);
});
