import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import type { QueueInfo } from '../../src/outbox/sql/outbox-inspect.ts';
import { natsOf } from '../../src/runtimes/node/nats/nats-of.ts';
import { WORD } from '../../src/runtimes/node/nats/open-nats.ts';
import { readGateway } from '../../src/runtimes/node/process/read-gateway.ts';
import { ask } from '../support/ask.ts';
import { clusterConfig, ROOT_KEY, startCluster, type Cluster } from '../support/cluster.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { natsServer, skipNats } from '../support/nats.ts';
import { temporary } from '../support/serve.ts';
import { startSink, type Sink } from '../torture/support/sink.ts';
import { eventId, purchases } from '../torture/support/world.ts';
import { eventFor, POLICY, START } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// `portvakt outbox` on the brokers that several gateways share: what a person does about dead letters.

/** Runs `portvakt outbox` with these arguments. */
async function outboxOf(
  file: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string }> {
  const said: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
  try {
    return { code: await main(['outbox', ...args, '--config', file]), out: said.join('\n') };
  } finally {
    log.mockRestore();
  }
}

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

  const outbox = (...args: string[]) => outboxOf(file, args);
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

// A record that has ended on one of its routes is not written again at once: a list says so.

describe.skipIf(skipNats)('portvakt outbox list', { timeout: 60_000 }, () => {
  const { connected, broker } = oneBroker();
  beforeAll(() => void vi.stubEnv('PORTVAKT_ROOT_KEY', ROOT_KEY));
  afterAll(() => void vi.unstubAllEnvs());

  it('shows a record that has ended on one route waiting only for the others', async () => {
    const file = join(temporary(), 'gateway.yaml');
    const text = clusterConfig([broker()], ['meta']);
    writeFileSync(file, text);
    const { input } = readGateway({ text, file, sink: true, rootKey: () => new Uint8Array(32) });
    const seal = natsOf(input, true)?.key ?? new Uint8Array(32);
    const options = { policy: () => POLICY, now: () => START, names: new Names(WORD, 3), seal };
    const { engine, close } = await openNats(connected(), options);
    const waiting = async (): Promise<Record<string, number>> => {
      const { queues } = JSON.parse((await outboxOf(file, ['list', '--json'])).out) as { queues: QueueInfo[] };
      return Object.fromEntries(queues.map(({ route, waiting: n }) => [route, n ?? 0]));
    };
    for (const name of ['one', 'another'])
      await engine.commit([{ records: [eventFor(['a', 'b', 'c'], name)], withdrawals: [] }]);
    expect(await waiting()).toEqual({ 'shop/a': 2, 'shop/b': 2, 'shop/c': 2 });
    const [one, another] = (await engine.read('shop/a', 0, 10)).records;
    await engine.settle('shop/a', one?.id ?? 0, 'delivered');
    await engine.settle('shop/b', one?.id ?? 0, 'delivered');
    await engine.settle('shop/a', another?.id ?? 0, 'delivered');
    await (engine as unknown as NatsOutbox).flush();
    expect(await waiting()).toEqual({ 'shop/b': 1, 'shop/c': 2 });
    await close();
  });
});
