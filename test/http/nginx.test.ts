import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/demo/free-ports.ts';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { watch } from '../support/preview.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

// The preview and a mount path behind nginx with its default settings: HTTP/1.0 to the gateway, everything buffered,
// sub-paths.

const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path));
const ORIGIN = 'https://shop.example.no';
const CONFIG = `
server: { path_prefix: /sgtm, trusted_proxies: [127.0.0.1/32] }
sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookie-information] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
  - hosts: [blog.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;
const GRANTED = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000);
const HIT = `v=2&tid=G-TEST000001&cid=482310557.${Math.floor(Date.now() / 1000) - 86_400}&_p=1795169690123&en=page_view&dl=https%3A%2F%2Fshop.example.no%2Fkrus`;

let recorder: Recorder;
let gateway: Served;
let nginx: ChildProcess | undefined;
let base = '';

describe.skipIf(NGINX === undefined && process.env['CI'] !== 'true')('behind nginx with default settings', () => {
  beforeAll(async () => {
    recorder = await startRecorder();
    gateway = await serve({ config: CONFIG, sink: recorder.url });
    const port = await freePort();
    const dir = temporary();
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${dir}/${name};`,
    );
    writeFileSync(
      join(dir, 'nginx.conf'),
      `daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
events {}
http {
  access_log off; ${temp.join(' ')}
  server {
    listen 127.0.0.1:${port};
    location /ops/gateway/ { proxy_pass ${gateway.adminUrl}/; }
    location /sgtm/ { proxy_pass ${gateway.url}; proxy_set_header Host $host; }
  }
}
`,
    );
    nginx = spawn(NGINX as string, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], {
      stdio: 'ignore',
    });
    base = `http://127.0.0.1:${port}`;
    await until('nginx answers', () =>
      ask(base, { method: 'GET', path: '/' }).then(
        () => true,
        () => false,
      ),
    );
  });
  afterAll(async () => {
    nginx?.kill('SIGTERM');
    await gateway.stop();
    await recorder.close();
  });

  const hit = (host: string, headers: Record<string, string> = {}, query = HIT) =>
    ask(base, { path: `/sgtm/g/collect?${query}`, headers: { host, origin: ORIGIN, cookie: GRANTED, ...headers } });

  it('has the page and what it links to below a sub-path', async () => {
    const page = await ask(base, { method: 'GET', path: '/ops/gateway/preview' });
    expect(page.status).toBe(200);
    const links = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBe(2);
    for (const link of links) {
      const url = new URL(link, `${base}/ops/gateway/preview`);
      expect((await ask(base, { method: 'GET', path: url.pathname })).status).toBe(200);
    }
    const script = await ask(base, { method: 'GET', path: '/ops/gateway/preview.js' });
    const stream = /EventSource\('([^']+)'\)/.exec(script.body)?.[1] ?? '';
    expect(new URL(stream, `${base}/ops/gateway/preview`).pathname).toBe('/ops/gateway/preview/stream');
  });

  it('shows at once what is decided, how delivery ended, and what was refused', async () => {
    const preview = await watch(`${base}/ops/gateway/preview/stream`);
    try {
      await until('open', () => preview.text().startsWith(': open'), 2_000);

      expect((await hit('blog.example.no')).status).toBe(204);
      await until('the decision', () => preview.traces().length === 1, 3_000);
      const [shown] = preview.traces();
      expect(shown?.hints).toEqual([]);
      const mark = shown?.routes[0]?.mark;
      expect(mark).toMatch(/^[0-9a-f]{16}$/);
      await until('the end', () => preview.ends().some((end) => end.mark === mark), 5_000);
      expect(preview.ends().find((end) => end.mark === mark)).toMatchObject({ state: 'delivered' });

      const down = ['www.google-analytics.com', 'region1.google-analytics.com'].map((vendor) =>
        recorder.script(vendor, () => ({ status: 503 })),
      );
      expect((await hit('blog.example.no', {}, HIT.replace('page_view', 'scroll'))).status).toBe(204);
      const failed = () => preview.ends().filter((end) => end.mark !== mark);
      await until('a retry', () => failed().some(({ state }) => state === 'retried'), 5_000);
      expect(failed().find(({ state }) => state === 'retried')?.words).toContain('503');
      for (const up of down) up();
      await until('delivered after all', () => failed().some(({ state }) => state === 'delivered'), 30_000);

      // The choice comes in a cookie of a platform that the site does not list.
      expect((await hit('shop.example.no')).status).toBe(204);
      await until('a third', () => preview.traces().length === 3, 3_000);
      const third = preview.traces()[2];
      expect(third?.hints.join('; ')).toContain('cookiebot');
      expect(third?.routes[0]).toMatchObject({ outcome: 'blocked', missing: ['analytics_storage'], mark: '' });

      expect((await hit('shop.example.no', { origin: 'https://www.example.no' })).status).toBe(403);
      await until('a refusal', () => preview.refusals().length === 1, 3_000);
      expect(preview.refusals()[0]).toMatchObject({
        site: 'shop.example.no',
        code: 'refused.origin',
        accept: `origins: [${ORIGIN}, https://www.example.no]`,
      });

      // Silence is broken before nginx cuts it.
      await until('a heartbeat', () => preview.text().includes(': alive'), 20_000);
    } finally {
      preview.close();
    }
  }, 90_000);

  it('mounts collection, script and health below the prefix', async () => {
    for (const path of ['/sgtm/g/consent.js', '/sgtm/healthz', '/sgtm/readyz'])
      expect((await ask(base, { method: 'GET', path, headers: { host: 'shop.example.no' } })).status).toBe(200);
  });
});
