import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { windowsIn } from '../../src/ledger/windows.ts';
import type { Broker } from '../../src/outbox/nats/broker.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import { Seal } from '../../src/outbox/nats/seal.ts';
import { SharedWindows } from '../../src/runtimes/node/nats/shared-windows.ts';
import { demandStreams } from '../../src/runtimes/node/nats/streams.ts';
import { replacing } from '../privacy/replaced-gateway.ts';
import { ask } from '../support/ask.ts';
import { clusterConfig, ROOT_KEY } from '../support/cluster.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { skipNats, startBrokers } from '../support/nats.ts';
import type { Served } from '../support/serve.ts';
import { startGateway } from '../torture/support/gateway.ts';
import { startSink } from '../torture/support/sink.ts';
import { cookiesOf } from '../torture/support/world.ts';
import { oneBroker } from './nats-world.ts';

// Windows of replaced ids that several gateways share (docs/cluster.md): R4 and R7 hold over all of them.

const SITE = 'shop.example.no';
const MINUTE = 60_000;
const NORWEGIAN = 'language nb';
const gateway = replacing('{ rare_below: 4 }');

describe.skipIf(skipNats)('the windows of several gateways', { timeout: 120_000 }, () => {
  const { connected, broker } = oneBroker();

  const newNames = async (): Promise<Names> => {
    const names = new Names(`t${randomBytes(6).toString('hex')}`, 1);
    await demandStreams(connected().manager, { names, replicas: 1, maxSize: 1e8 });
    onTestFinished(async () => {
      await connected()
        .manager.streams.delete(names.windows)
        .catch(() => undefined);
    });
    return names;
  };
  /** The windows of one gateway. */
  const sharing = (names: Names, now = Date.now, broker: () => Broker | undefined = () => connected().broker) => {
    const node = randomBytes(4).toString('hex');
    const store = new SharedWindows({ broker, names, seal: new Seal(new Uint8Array(32)), node, now });
    onTestFinished(() => store.stop());
    const windows = windowsIn(store);
    const at = (when = now()) => windows.at(gateway, when).get(SITE);
    const show = (visitor: string, cell: string): void => {
      at();
      windows.count({ site: gateway.sites[0], events: [{ visitor: { id: visitor, cells: [cell] } }] } as never);
    };
    return { store, windows, at, show, id: () => at()?.hash('client|1.2') };
  };
  const keysIn = (names: Names) => connected().broker.last(names.windows, [names.all('windows')]);

  it('have one key, which the first one makes', async () => {
    const names = await newNames();
    const [a, b] = [sharing(names), sharing(names)];
    a.at();
    await a.store.look();
    b.at();
    await b.store.look();
    expect(a.id()).toHaveLength(32);
    expect(b.id()).toEqual(a.id());
    expect(a.id()).not.toEqual(sharing(await newNames()).id());
  });

  it('have one key also where all ask at once', async () => {
    const names = await newNames();
    const all = Array.from({ length: 5 }, () => sharing(names));
    for (const one of all) one.at();
    await Promise.all(all.map(({ store }) => store.look()));
    await Promise.all(all.map(({ store }) => store.look()));
    expect(new Set(all.map(({ id }) => Buffer.from(id() ?? []).toString('hex'))).size).toBe(1);
    expect(all[0]?.id()).toHaveLength(32);
  });

  it('are not there on a gateway that cannot ask: it makes no key of its own', async () => {
    const names = await newNames();
    const alone = sharing(names, undefined, () => undefined);
    expect(alone.at()).toBeUndefined();
    await alone.store.look();
    expect(alone.at()).toBeUndefined();
    expect(alone.windows.complete(gateway, Date.now())).toBe(false);
  });

  it('have another key for the next window, which is there before it begins', async () => {
    const names = await newNames();
    const day = gateway.sites[0]?.privacy.replacedIds?.window ?? 0;
    const end = Math.ceil(Date.now() / day) * day;
    let now = end - MINUTE / 2;
    const [a, b] = [sharing(names, () => now), sharing(names, () => now)];
    for (const one of [a, b]) one.at();
    for (const { store } of [a, b]) await store.look();
    const before = a.id();
    now = end;
    expect(a.id()).toHaveLength(32);
    expect(a.id()).not.toEqual(before);
    expect(b.id()).toEqual(a.id());
  });

  it('count together: what three of four showed here and the fourth there is common on both', async () => {
    const names = await newNames();
    const [a, b] = [sharing(names), sharing(names)];
    for (const one of [a, b]) one.at();
    for (const { store } of [a, b]) await store.look();
    for (const visitor of ['1', '2', '3']) a.show(visitor, NORWEGIAN);
    // One that both have seen is one.
    b.show('3', NORWEGIAN);
    await Promise.all([a, b].map(({ store }) => store.look()));
    const late = sharing(names);
    late.at();
    await late.store.look();
    late.show('4', NORWEGIAN);
    await late.store.look();
    await until('all have heard', () => [a, b, late].every((one) => one.at()?.isCommon(NORWEGIAN) === true));
    expect(a.at()?.isCommon('language nn')).toBe(false);
  });

  it('do not count one visitor twice whom both have seen', async () => {
    const names = await newNames();
    const [a, b] = [sharing(names), sharing(names)];
    for (const one of [a, b]) {
      one.at();
      await one.store.look();
      for (const visitor of ['1', '2', '3']) one.show(visitor, 'rare');
    }
    for (const visitor of ['5', '6', '7', '8']) b.show(visitor, 'told after it');
    await a.store.look();
    await b.store.look();
    await until('what came later has come', () => a.at()?.isCommon('told after it') === true);
    expect([a, b].map((one) => one.at()?.isCommon('rare'))).toEqual([false, false]);
  });

  it('are gone from the brokers when they have ended, and their keys are in no file of theirs at any time', async () => {
    const names = await newNames();
    // An hour that is over in two seconds.
    const hour = replacing('{ window: 1h }');
    const began = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const ahead = began + 3_600_000 - 2_000 - Date.now();
    const one = sharing(names, () => Date.now() + ahead);
    const windows = windowsIn(one.store);
    windows.at(hour, Date.now() + ahead);
    await one.store.look();
    const [ofThis] = await keysIn(names);
    // That of the next hour is there already.
    expect(await keysIn(names)).toHaveLength(2);
    one.store.stop();
    const sealed = Buffer.from(ofThis?.data ?? []);
    expect(sealed.length).toBeGreaterThan(60);
    const dir = broker().dir;
    const holding = readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(dir, name))
      .filter((file) => statSync(file).isFile() && readFileSync(file).includes(sealed));
    expect(holding).toEqual([]);
    await until('it is gone', async () => !(await keysIn(names)).some(({ seq }) => seq === ofThis?.seq));
    expect(await keysIn(names)).toHaveLength(1);
  });

  it('go on when the brokers have lost everything: who has the key puts it back', async () => {
    const names = await newNames();
    const [a, late] = [sharing(names), sharing(names)];
    a.at();
    await a.store.look();
    const before = a.id();
    await connected().manager.streams.purge(names.windows);
    await a.store.look();
    late.at();
    await late.store.look();
    expect([a.id(), late.id()]).toEqual([before, before]);
  });

  it('take the key of a gateway that was faster after that: all have one again', async () => {
    const names = await newNames();
    const [a, late] = [sharing(names), sharing(names)];
    a.at();
    await a.store.look();
    const before = a.id();
    await connected().manager.streams.purge(names.windows);
    late.at();
    await late.store.look();
    await a.store.look();
    expect(late.id()).not.toEqual(before);
    expect(a.id()).toEqual(late.id());
  });
});

describe.skipIf(skipNats)('two gateways that replace ids', { timeout: 120_000 }, () => {
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0';
  const issued = Math.floor(Date.now() / 1000) - 60;
  const view = (visitor: number, language = 'nb-no') => ({
    path: `/g/collect?${new URLSearchParams({
      v: '2',
      tid: 'G-TEST000001',
      cid: `${1_000_000_000 + visitor}.${issued}`,
      en: 'page_view',
      dl: 'https://shop.example.no/',
      ul: language,
    }).toString()}`,
    headers: { origin: 'https://shop.example.no', cookie: cookiesOf(visitor), 'user-agent': agent },
  });

  it('send one visitor under one id, and tell a language that enough have shown on both together', async () => {
    const brokers = await startBrokers(1);
    const sink = await startSink();
    const came: URLSearchParams[] = [];
    sink.answer('ga4', ({ query }) => {
      came.push(new URLSearchParams(query));
      return { status: 204 };
    });
    const config = clusterConfig(brokers, ['ga4']).replace(
      '    consent:\n',
      '    privacy: { referrer: none, replaced_ids: { rare_below: 4 } }\n    consent:\n',
    );
    const start = () => startGateway({ config, sink: sink.url, env: { PORTVAKT_ROOT_KEY: ROOT_KEY } });
    const gateways = [await start(), await start()] as [Served, Served];
    onTestFinished(async () => {
      await Promise.all(gateways.map((one) => one.stop('SIGKILL')));
      for (const broker of brokers) await broker.kill();
      await sink.close();
    });
    const [a, b] = gateways;
    for (const { adminUrl } of gateways)
      await until('it is ready', async () => (await metricsOf(adminUrl)).sum('portvakt_ready') === 1);
    for (const { url } of gateways) expect((await ask(url, view(1))).status).toBe(204);
    await until('both have come', () => came.length === 2);
    const ids = came.map((query) => query.get('cid'));
    expect(ids[0]).toMatch(/^\d+\.\d+$/);
    expect(ids[0]).not.toContain('1000000001');
    expect(ids[1]).toBe(ids[0]);
    expect(came.map((query) => query.get('ul'))).toEqual([null, null]);
    // Two of four turn to each: first their browser is no rare one, and then their language.
    for (const { url } of gateways)
      await until('the language is told', async () => {
        const before = came.length;
        await Promise.all([1, 2].map((visitor) => ask(a.url, view(visitor))));
        await Promise.all([3, 4].map((visitor) => ask(b.url, view(visitor))));
        await until('all have come', () => came.length === before + 4);
        await ask(url, view(1));
        await until('the last has come', () => came.length === before + 5);
        return came.at(-1)?.get('ul') === 'nb';
      });
    // What one alone has shown is not.
    const before = came.length;
    await ask(a.url, view(5, 'se-no'));
    await until('it has come', () => came.length > before);
    expect(came.at(-1)?.get('ul')).toBeNull();
  });
});
