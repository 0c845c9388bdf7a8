import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFree } from '../../src/demo/free-ports.ts';
import { ask } from '../support/ask.ts';
import { ROOT_KEY } from '../support/cluster.ts';
import { until } from '../support/metrics.ts';
import { natsServer, skipNats, startBrokers, type RunningBroker } from '../support/nats.ts';
import { serve, temporary } from '../support/serve.ts';
import { startSink } from '../torture/support/sink.ts';
import { configOf, eventId, purchases } from '../torture/support/world.ts';

// `serve --outbox nats://...`: the brokers of the command line in place of `delivery.outbox` (docs/cluster.md, "To try it").

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const KEYED = `server: { root_key: "\${PORTVAKT_ROOT_KEY}" }\n${configOf(['meta'], 'max_age: 72h')}`;
const UNKEYED = configOf(['meta'], 'max_age: 72h');
const SECRETS = { META_ACCESS_TOKEN: 'token', PORTVAKT_ROOT_KEY: ROOT_KEY };
const SINK = ['--sink', 'http://127.0.0.1:9'];

/** A `serve` that ends by itself. */
function refused(config: string, args: readonly string[]) {
  const data = temporary();
  const file = join(data, 'gateway.yaml');
  writeFileSync(file, config);
  const ports = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', data];
  const env = { ...process.env, ...SECRETS };
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'serve', file, ...ports, ...args], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return [status, stderr] as const;
}

describe('--outbox is refused, with what to write instead', () => {
  it.each([
    ['an address that is none', 'redis://127.0.0.1:6379', 'e.g. nats://127.0.0.1:4222'],
    ['an address without a port', 'nats://127.0.0.1', 'e.g. nats://127.0.0.1:4222'],
    ['a password', 'nats://user:word@127.0.0.1:4222', 'delivery.outbox.credentials'],
    ['two brokers', 'nats://127.0.0.1:4222,nats://127.0.0.1:4223', 'one broker or at least three'],
    ['a port without a monitor port above it', 'nats://127.0.0.1:65000', 'delivery.outbox.monitor'],
  ])('%s', (_, brokers, why) => {
    expect(refused(KEYED, [...SINK, '--outbox', brokers])).toEqual([2, expect.stringContaining(why)]);
  });

  it('one broker, where events go to vendors', () => {
    const [status, said] = refused(KEYED, ['--outbox', 'nats://127.0.0.1:4222']);
    expect([status, said]).toEqual([2, expect.stringContaining('add --sink')]);
  });

  it('without a key for all gateways', () => {
    const [status, said] = refused(UNKEYED, [...SINK, '--outbox', 'nats://127.0.0.1:4222']);
    expect([status, said]).toEqual([2, expect.stringContaining('server: { root_key: ${PORTVAKT_ROOT_KEY} }')]);
  });
});

describe.skipIf(skipNats)('--outbox with a broker', { timeout: 120_000 }, () => {
  const brokers: RunningBroker[] = [];
  const monitors: Server[] = [];
  /** A broker whose monitor port is where `--outbox` looks for it. */
  const brokerWith = async (sync: string): Promise<RunningBroker> => {
    const [broker] = (await startBrokers(1, { sync })) as [RunningBroker];
    brokers.push(broker);
    const at = Number(new URL(broker.url).port) + 4_000;
    if (!(await isFree(at))) return brokerWith(sync);
    const monitor = createServer((incoming, outgoing) => {
      void fetch(`${broker.monitor}${incoming.url}`).then(async (answer) => outgoing.end(await answer.text()));
    });
    monitors.push(monitor);
    monitor.listen(at, '127.0.0.1');
    await once(monitor, 'listening');
    return broker;
  };
  beforeAll(() => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
  });
  afterAll(async () => {
    for (const monitor of monitors) monitor.close();
    for (const broker of brokers) await broker.kill();
  });

  it('stores what it accepts there, and delivers it', async () => {
    const [broker, sink] = await Promise.all([brokerWith('always'), startSink()]);
    const gateway = await serve({ config: KEYED, sink: sink.url, env: SECRETS, args: ['--outbox', broker.url] });
    try {
      expect(await ask(gateway.url, purchases([1]))).toMatchObject({ status: 204 });
      await until('it is delivered', () => sink.accepted('meta').has(eventId(1)), 20_000);
      const { streams } = (await (await fetch(`${broker.monitor}/jsz`)).json()) as { streams: number };
      expect(streams).toBe(5);
    } finally {
      await gateway.stop();
      await sink.close();
    }
  });

  it('refuses one with which an event would not be safe', async () => {
    const lazy = await brokerWith('"1m"');
    const child = serve({ config: KEYED, sink: 'http://127.0.0.1:9', env: SECRETS, args: ['--outbox', lazy.url] });
    await expect(child).rejects.toThrow(/serve ended with 2:[\s\S]*sync_interval: always/);
  });
});
