import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { BrokerWatch } from '../../src/runtimes/node/nats/open-nats.ts';

// A broker that is safe at the start may be restarted with other settings later: this is logged and counted
// (docs/cluster.md).

it('a broker that stops writing to the disk at once is a warning, once, and counts until it is mended', async () => {
  let always = true;
  const monitor = createServer(({ url }, outgoing) => {
    const varz = { server_name: 'n0', version: '2.15.3', cluster: { name: 'portvakt' } };
    const jsz = { now: new Date().toISOString(), config: { sync_always: always } };
    outgoing.end(JSON.stringify(url === '/varz' ? varz : jsz));
  });
  await new Promise<void>((resolve) => {
    monitor.listen(0, '127.0.0.1', resolve);
  });
  const said: string[] = [];
  const address = `http://127.0.0.1:${(monitor.address() as AddressInfo).port}`;
  const config = {
    engine: 'nats',
    servers: ['nats://127.0.0.1:1'],
    replicas: 3,
    parts: 3,
    monitor: [address],
  } as const;
  const watch = new BrokerWatch({ ...config, servers: [...config.servers], monitor: [address] }, (level, msg) =>
    said.push(`${level} ${msg}`),
  );
  try {
    await watch.look();
    expect([watch.unsafe, said]).toEqual([0, []]);
    always = false;
    await watch.look();
    await watch.look();
    expect(watch.unsafe).toBe(1);
    expect(said).toEqual([expect.stringMatching(/^warn .*n0.*sync_interval: always/)]);
    always = true;
    await watch.look();
    expect([watch.unsafe, said.length, said[1]]).toEqual([0, 2, 'info all brokers are safe again']);
  } finally {
    monitor.close();
  }
});
