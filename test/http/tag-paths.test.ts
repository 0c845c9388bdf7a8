import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

// Requests of Google tags to a server container beside hits (`protocols/google-paths.md` 1), with everything allowed:
// nothing of them is read, stored or sent, and behind the proxy of the README they do not get a page of the shop.

const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path));
const HOST = 'shop.example.no';
const ORIGIN = `https://${HOST}`;
const CONFIG = `
sites:
  - hosts: [${HOST}]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;
const headers = {
  host: HOST,
  origin: ORIGIN,
  cookie: cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000),
};
const FRAME = `/_/service_worker/63b0/sw_iframe.html?origin=${encodeURIComponent(ORIGIN)}&1p=1`;

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder();
  gateway = await serve({ config: CONFIG, sink: recorder.url });
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await recorder.close();
});

describe('asked of the gateway', () => {
  it('a conversion with a click id is dropped without a cookie, and no cache keeps that', async () => {
    const path = '/ccm/conversion/123456789/?gclaw=Cj0KCQiA&auid=1.2&en=purchase';
    const answer = await ask(gateway.url, { path, headers, body: 'em=tv.1~em.aaaa' });
    expect([answer.status, answer.body, answer.setCookies]).toEqual([204, '', []]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
  });

  it('the hidden frame is not there, for a day, and could not be framed', async () => {
    const answer = await ask(gateway.url, { method: 'GET', path: FRAME, headers });
    expect([answer.status, answer.setCookies]).toEqual([404, []]);
    expect(answer.headers['cache-control']).toBe('max-age=86400');
    expect(answer.headers['x-frame-options']).toBe('DENY');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['vary']).toBe('Origin');
  });

  it('health is `ok`', async () => {
    const answer = await ask(gateway.url, { method: 'GET', path: '/healthy' });
    expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([200, 'ok', 'text/plain']);
  });

  it('each kind of path is counted, from 0, and none of it as refused, as a hit or as sent', async () => {
    const metrics = await metricsOf(gateway.adminUrl);
    const counted = metrics.of('portvakt_fixed_answers_total').map(({ labels, value }) => [labels['path'], value]);
    expect(Object.fromEntries(counted)).toMatchObject({
      '/ccm/collect': 1,
      '/_/service_worker': 1,
      '/gtag/js': 0,
      '/a': 0,
    });
    expect(metrics.sum('portvakt_refused_total')).toBe(0);
    expect(metrics.sum('portvakt_hits_total')).toBe(0);
    expect(recorder.requests).toEqual([]);
  });
});

describe.skipIf(NGINX === undefined && process.env['CI'] !== 'true')('behind nginx as the README has it', () => {
  let nginx: ChildProcess | undefined;
  let base = '';
  beforeAll(async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [mounts = '', included = ''] = [...readme.matchAll(/^```nginx\n([^]*?)^```/gm)].map(([, text = '']) => text);
    expect(mounts).toContain('include portvakt.conf');
    expect(included).toContain('http://127.0.0.1:8080');
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = server.address() as AddressInfo;
        server.close(() => resolve(free));
      });
    });
    const dir = temporary();
    const here = (text: string) =>
      text.replaceAll('/var/log/nginx/', `${dir}/`).replaceAll('http://127.0.0.1:8080', gateway.url);
    writeFileSync(join(dir, 'portvakt.conf'), here(included));
    const [format = '', ...locations] = here(mounts).split(/\n(?=\n)/);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${dir}/${name};`,
    );
    writeFileSync(
      join(dir, 'nginx.conf'),
      `daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
events {}
http {
  access_log off; ${temp.join(' ')}
  ${format}
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "the page of the shop"; }
    location ~ \\.html$ { return 200 "another page of the shop"; }
    ${locations.join('\n')}
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
        ({ body }) => body === 'the page of the shop',
        () => false,
      ),
    );
  }, 60_000);
  afterAll(() => void nginx?.kill('SIGTERM'));

  it.each([
    [FRAME, 404],
    ['/_/service_worker/63b0/sw.js', 404],
    ['/_/set_cookie?val=x', 204],
    ['/ccm/collect?en=page_view', 204],
    ['/d/ccm/form-data/1', 204],
    ['/as/p/c/1/', 204],
    ['/gs/ccm/collect', 204],
    ['/g/d/ccm/conversion', 204],
    ['/g/consent.js', 200],
    ['/g/pv.js', 200],
    [`/g/collect?v=2&tid=G-TEST000001&en=scroll&cid=1.1790000000&dl=${encodeURIComponent(ORIGIN)}`, 204],
    ['/v1/events', 405],
  ])('%s: %i', async (path, status) => {
    const answer = await ask(base, { method: 'GET', path, headers });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('page of the shop');
  });
});
