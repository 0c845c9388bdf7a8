import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';
import { freePort } from '../../src/demo/free-ports.ts';
import { startBrokers, told, type Brokers, type Jsz } from './brokers.ts';
import { absent, deployed, program } from './programs.ts';

// The brokers of deploy/nats, two gateways on them, and the proxy that deploy/compose/cluster.yaml has in front.

const CONF = readFileSync(deployed('nats/nats.conf'), 'utf8');
const MANIFESTS = parseAllDocuments(readFileSync(deployed('kubernetes/cluster.yaml'), 'utf8')).map(
  (one) =>
    one.toJS() as {
      readonly kind: string;
      readonly data?: Readonly<Record<string, string>>;
      readonly spec: {
        readonly template: { readonly spec: { readonly containers: readonly Record<string, unknown>[] } };
      };
    },
);

it('Kubernetes has the same configuration of the brokers, with its own names', () => {
  const map = MANIFESTS.find(({ data }) => data?.['nats.conf'] !== undefined);
  expect(map?.data?.['nats.conf']?.replaceAll('.nats:', ':')).toBe(CONF.slice(CONF.indexOf('port:')));
});

describe.skipIf(absent('nats-server'))('the brokers', () => {
  let hits = 100;
  let brokers: Brokers;
  let vendors: Recorder;
  const gateways: Served[] = [];
  let proxy: ChildProcess | undefined;

  /** A gateway with the words of the compose file that are not places. */
  const start = (listen = '127.0.0.1:0'): Promise<Served> => {
    const config = brokers.moved(readFileSync(deployed('cluster-gateway.yaml'), 'utf8'));
    const env = { GA4_API_SECRET: 'a secret', PORTVAKT_ROOT_KEY: '6b'.repeat(32) };
    const drain = /--drain=\w+/.exec(readFileSync(deployed('compose/cluster.yaml'), 'utf8'))?.[0] as string;
    return serve({ config, env, sink: vendors.url, args: [drain, '--listen', listen] });
  };

  beforeAll(async () => {
    brokers = await startBrokers(CONF);
    vendors = await startRecorder();
    for (let n = 0; n < 2; n++) gateways.push(await start());
    for (const { url } of gateways)
      await until(
        'it is ready',
        async () => (await ask(url, { method: 'GET', path: '/readyz' })).status === 200,
        120_000,
      ).catch((error: Error) => {
        throw new Error(gateways.map((gateway) => gateway.log()).join('\n\n'), { cause: error });
      });
  }, 300_000);
  afterAll(async () => {
    proxy?.kill('SIGTERM');
    await Promise.all(gateways.map((gateway) => gateway.stop('SIGKILL')));
    brokers.stop();
    await vendors.close();
  });

  it('are three that write at once', async () => {
    for (const monitor of brokers.monitors) {
      const { config, meta_cluster: cluster } = (await told<Jsz>(`${monitor}/jsz`)) ?? {};
      expect([config?.sync_always, cluster?.cluster_size]).toEqual([true, 3]);
    }
  });

  it('have room for all that the streams may take, and for withdrawals', async () => {
    for (const monitor of brokers.monitors) {
      const {
        config,
        reserved_storage: disk = 0,
        reserved_memory: memory = 0,
      } = (await told<Jsz>(`${monitor}/jsz`)) ?? {};
      expect(disk).toBeGreaterThan(4e9);
      expect(config?.max_storage).toBeGreaterThan(disk + 1e9);
      expect(config?.max_memory).toBeGreaterThan(memory);
    }
  });

  it('answer the probes of Kubernetes', async () => {
    const containers = MANIFESTS.find(({ kind }) => kind === 'StatefulSet')?.spec.template.spec.containers ?? [];
    for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const probe = containers[0]?.[kind] as { httpGet: { path: string; port: string } };
      expect(probe.httpGet.port).toBe('monitor');
      for (const monitor of brokers.monitors)
        expect([kind, (await fetch(`${monitor}${probe.httpGet.path}`)).status]).toEqual([kind, 200]);
    }
  });

  const hit = async (url: string, n: number): Promise<number> => {
    const seconds = Math.floor(Date.now() / 1000) - 60;
    const query = `v=2&tid=G-TEST000001&cid=${482_310_000 + n}.${seconds}&_p=${n}&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F`;
    const answer = await ask(url, {
      path: `/g/collect?${query}`,
      headers: {
        host: 'shop.example.no',
        origin: 'https://shop.example.no',
        cookie: cookiebot({ statistics: true }, seconds * 1000),
      },
    });
    return answer.status;
  };
  const arrived = (): Set<string | null> =>
    new Set(vendors.requests.map(({ query }) => new URLSearchParams(query).get('_p')));

  it('keep what either gateway takes until it is delivered', { timeout: 120_000 }, async () => {
    for (const [n, { url }] of gateways.entries()) expect(await hit(url, n)).toBe(204);
    await until('both are delivered', () => ['0', '1'].every((n) => arrived().has(n)), 60_000);
  });

  describe.skipIf(absent('caddy'))('take hits through the proxy', { timeout: 180_000 }, () => {
    let url: string;
    let wanted: number[];

    /** Caddy with the file of this folder, changed, in front of both. */
    const startProxy = async (change: (text: string) => string): Promise<void> => {
      const port = await freePort();
      const dir = temporary();
      const file = join(dir, 'Caddyfile');
      const here = (gateway: Served | undefined) => gateway?.url.replace('http://', '') ?? '';
      const text = change(readFileSync(deployed('caddy/two-gateways.Caddyfile'), 'utf8'))
        // The host is the shop's, as behind any web server.
        .replace(':8080 {', `http://:${port} {`)
        .replace('gateway-1:8080', here(gateways[0]))
        .replace('gateway-2:8080', here(gateways[1]));
      writeFileSync(file, text);
      proxy = spawn(program('caddy'), ['run', '--adapter', 'caddyfile', '--config', file], {
        stdio: 'ignore',
        env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
      });
      url = `http://127.0.0.1:${port}`;
      await until('the proxy is there', () =>
        ask(url, { method: 'GET', path: '/healthz' }).then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
      wanted = [];
    };
    const goesOn = async (): Promise<void> => {
      const n = ++hits;
      wanted.push(n);
      expect([n, await hit(url, n)]).toEqual([n, 204]);
    };
    const allArrive = () => until('all are delivered', () => wanted.every((n) => arrived().has(`${n}`)), 120_000);
    afterEach(() => proxy?.kill('SIGKILL'));

    it('while one stops, from a proxy that asks no other one when one does not listen', async () => {
      await startProxy((text) => {
        const once = text.replaceAll(/^\s*(?:lb_try_|fail_)duration .*\n/gm, '');
        expect(once).not.toContain('duration');
        return once;
      });
      const first = gateways[0] as Served;
      let stopped = false;
      const ended = first.stop('SIGTERM').then(() => (stopped = true));
      // Without `--drain` it stops listening before the proxy finds that it is not ready.
      while (!stopped) await goesOn();
      await ended;
      for (let i = 0; i < 5; i++) await goesOn();
      gateways[0] = await start(first.url.replace('http://', ''));
      await until('it is back', async () => (await ask(first.url, { method: 'GET', path: '/readyz' })).status === 200);
      await allArrive();
    });

    it('while one is gone', async () => {
      await startProxy((text) => text);
      await gateways[1]?.stop('SIGKILL');
      for (let i = 0; i < 5; i++) await goesOn();
      await allArrive();
      expect(gateways[1]?.child.signalCode).toBe('SIGKILL');
    });
  });
});
