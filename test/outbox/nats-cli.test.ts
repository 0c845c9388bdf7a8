import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { ask } from '../support/ask.ts';
import { ROOT_KEY, startCluster, type Cluster } from '../support/cluster.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { natsServer, skipNats } from '../support/nats.ts';
import { temporary } from '../support/serve.ts';
import { startSink, type Sink } from '../torture/support/sink.ts';
import { eventId, purchases } from '../torture/support/world.ts';

// `portvakt outbox` on the brokers that several gateways share: what a person does about dead letters.

describe.skipIf(skipNats)('portvakt outbox --config', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  let sink: Sink;
  let file: string;
  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    sink = await startSink();
    cluster = await startCluster({ brokers: 1, gateways: 1, routes: ['meta'], sink: sink.url });
    file = join(temporary(), 'gateway.yaml');
    writeFileSync(file, cluster.config);
    vi.stubEnv('PORTVAKT_ROOT_KEY', ROOT_KEY);
  }, 120_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cluster?.stop();
    await sink?.close();
  });

  const outbox = async (...args: string[]): Promise<{ readonly code: number; readonly out: string }> => {
    const said: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
    try {
      return { code: await main(['outbox', ...args, '--config', file]), out: said.join('\n') };
    } finally {
      log.mockRestore();
    }
  };
  const sum = async (name: string) => (await metricsOf(cluster.gateways[0]?.adminUrl ?? '')).sum(name);

  it('lists what vendors refused, sends it again, and deletes it', async () => {
    sink.answer('meta', () => ({ status: 400, body: '{"error":{"code":100,"message":"no"}}' }));
    for (const n of [1, 2])
      expect((await ask(cluster.gateways[0]?.url ?? '', purchases([8_000_000 + n]))).status).toBe(204);
    await until('both are dead', async () => (await sum('portvakt_outbox_dead_letters')) === 2);
    await until('the list has them', async () => (await outbox('list')).out.includes(' 2 '));
    const letters = JSON.parse((await outbox('show', '--json')).out) as { id: number; route: string }[];
    expect(letters.map(({ route }) => route)).toEqual(['127.0.0.1/meta', '127.0.0.1/meta']);
    sink.answer('meta', undefined);
    expect(await outbox('retry', String(letters[0]?.id))).toMatchObject({ code: 0 });
    await until('one is sent again', () => sink.accepted('meta').size === 1);
    expect(await outbox('purge', '--all')).toMatchObject({ code: 0 });
    await until('none is left', async () => (await sum('portvakt_outbox_dead_letters')) === 0);
    expect((await outbox('show')).out).toContain('no dead letters');
    expect([...sink.accepted('meta').keys()][0]).toMatch(new RegExp(`${eventId(8_000_001)}|${eventId(8_000_002)}`));
  });
});
