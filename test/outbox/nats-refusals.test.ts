import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { clusterConfig, ROOT_KEY } from '../support/cluster.ts';
import { until } from '../support/metrics.ts';
import { natsServer, skipNats, startBrokers, type RunningBroker } from '../support/nats.ts';
import { serve, temporary } from '../support/serve.ts';

// What a gateway with brokers refuses, each for its own reason (docs/cluster.md, "What it refuses").

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs `serve` until it ends by itself. */
async function refused(config: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const data = temporary();
  const file = join(data, 'gateway.yaml');
  writeFileSync(file, config);
  const ports = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', data];
  const secrets = { META_ACCESS_TOKEN: 'token', PORTVAKT_ROOT_KEY: ROOT_KEY, ...env };
  const child = spawn(process.execPath, [MAIN, 'serve', file, ...ports, ...args], {
    env: { ...process.env, ...secrets },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // It has started after all.
    if (said.includes('"msg":"listening"')) child.kill('SIGKILL');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

const SINK = ['--sink', 'http://127.0.0.1:9'];

/** A broker's monitor port that says something else of it. */
async function monitorThat(broker: RunningBroker, says: { varz?: object; jsz?: object }): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const path = incoming.url ?? '';
      const real = (await (await fetch(`${broker.monitor}${path}`)).json()) as object;
      outgoing.end(JSON.stringify({ ...real, ...(path === '/varz' ? says.varz : says.jsz) }));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe.skipIf(skipNats)('a gateway with brokers does not start', { timeout: 120_000 }, () => {
  let broker: RunningBroker;
  const open: (() => unknown)[] = [];
  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    [broker] = (await startBrokers(1)) as [RunningBroker];
  }, 120_000);
  afterAll(() => broker?.kill());
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  const config = (of: Pick<RunningBroker, 'url' | 'monitor'> = broker) => clusterConfig([of], ['meta']);
  const withMonitor = async (says: Parameters<typeof monitorThat>[1]): Promise<string> => {
    const server = await monitorThat(broker, says);
    open.push(() => server.close());
    return config({ url: broker.url, monitor: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  };
  const stream = async (change: object): Promise<void> => {
    const connection = await connect({ servers: broker.url });
    const manager = await jetstreamManager(connection);
    const wanted = { name: 'PORTVAKT_EVENTS_0', subjects: ['PORTVAKT.0.>'], storage: 'file', num_replicas: 1 };
    const safe = { allow_atomic: true, allow_msg_ttl: true, max_msgs_per_subject: 1, discard: 'new' };
    await manager.streams.add({ ...wanted, ...safe, ...change } as never);
    open.push(async () => {
      for await (const { config: found } of manager.streams.list()) await manager.streams.delete(found.name);
      await connection.close();
    });
  };

  it('without a key for all gateways', async () => {
    const { code, said } = await refused(config().replace(/^server:.*\n/, ''), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining('need the same key')]);
  });

  it('with a key that is none', async () => {
    const { code, said } = await refused(config(), SINK, { PORTVAKT_ROOT_KEY: 'secret' });
    expect([code, said]).toEqual([2, expect.stringContaining('not 64 hex digits')]);
    expect(said).not.toContain('"secret"');
  });

  it('with one replica, unless everything goes to a sink', async () => {
    const { code, said } = await refused(config());
    expect([code, said]).toEqual([2, expect.stringContaining('replicas: 1 keeps each event on one disk only')]);
  });

  it('in several processes', async () => {
    const { code, said } = await refused(config(), [...SINK, '--processes', '2']);
    expect([code, said]).toEqual([2, expect.stringContaining('start a gateway for each core')]);
  });

  it('on a broker that is too old', async () => {
    const { code, said } = await refused(await withMonitor({ varz: { version: '2.14.3' } }), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining('2.15 is the oldest')]);
  });

  it('on a broker whose clock is off', async () => {
    const now = new Date(Date.now() + 3_600_000).toISOString();
    const { code, said } = await refused(await withMonitor({ jsz: { now } }), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining('synchronise both')]);
  });

  it('on one broker that is no cluster, where three are to keep an event', async () => {
    const { monitor } = broker;
    // Two of those that are named do not answer: that alone is no reason to end.
    const three = [monitor, 'http://127.0.0.1:1', 'http://127.0.0.1:2'];
    const { code, said } = await refused(
      config().replace('replicas: 1', 'replicas: 3').replace(monitor, three.join(', ')),
      SINK,
    );
    expect([code, said]).toEqual([2, expect.stringContaining('broker n0 (http://127.0.0.1')]);
    expect(said).toContain('is alone');
  });

  it('with fewer monitor ports than brokers that are to keep an event', async () => {
    const { code, said } = await refused(config().replace('replicas: 1', 'replicas: 3'), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining('names 1 of the brokers')]);
  });

  it('on a broker that does not write to the disk at once', async () => {
    const [lazy] = (await startBrokers(1, { sync: '"1m"' })) as [RunningBroker];
    open.push(() => lazy.kill());
    const { code, said } = await refused(config(lazy), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining('sync_interval: always')]);
  });

  it.each([
    ['a stream in memory', { storage: 'memory' }, 'is in memory'],
    ['a stream without batches', { allow_atomic: false }, 'no atomic batches'],
    ['a stream that throws away what is old', { discard: 'old' }, 'discard has to be new'],
    ['a stream that ends messages', { max_age: 3_600e9 }, 'max_age has to be 0'],
    [
      'a stream on file for the keys of windows',
      { name: 'PORTVAKT_WINDOWS', subjects: ['PORTVAKT.w.>'], storage: 'file' },
      'would stay there',
    ],
    ['a stream that keeps replaced messages', { max_msgs_per_subject: -1 }, 'keeps replaced messages'],
  ])('on %s', async (_, change, why) => {
    await stream(change);
    const { code, said } = await refused(config(), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining(why)]);
  });

  it('with fewer parts than there are, so that some would wait for ever', async () => {
    await stream({ name: 'PORTVAKT_EVENTS_3', subjects: ['PORTVAKT.3.>'] });
    const { code, said } = await refused(config(), SINK);
    expect([code, said]).toEqual([2, expect.stringContaining('write as many parts as before')]);
  });

  it('but goes on trying where no broker answers, and is not ready until one does', async () => {
    const [away] = (await startBrokers(1)) as [RunningBroker];
    open.push(() => away.kill());
    await away.kill();
    const env = { META_ACCESS_TOKEN: 'token', PORTVAKT_ROOT_KEY: ROOT_KEY };
    const gateway = await serve({ config: config(away), env, sink: 'http://127.0.0.1:9' });
    open.push(() => gateway.stop('SIGKILL'));
    const status = async (path: string) => (await ask(gateway.url, { method: 'GET', path })).status;
    expect([await status('/readyz'), await status('/healthz')]).toEqual([503, 200]);
    await away.restart();
    await until('it is ready', async () => (await status('/readyz')) === 200, 30_000);
  });
});
