import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontOf } from '../../src/http/front.ts';
import type { Ports } from '../../src/http/ports.ts';
import { WAYS_IN } from '../../src/protocols/doors.ts';
import { ask } from '../support/ask.ts';
import { serve, type Served } from '../support/serve.ts';

const CONFIG = `
server: { path_prefix: /sgtm }
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations: { ga4: { measurement_id: G-TEST000001 } }
`;

let gateway: Served;

describe('what pages load', () => {
  beforeAll(async () => {
    gateway = await serve({ config: CONFIG });
  });
  afterAll(() => gateway.stop());

  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    ask(gateway.url, { method: 'GET', path: `/sgtm${path}`, headers: { host: 'shop.example.no', ...headers } });

  it.each([
    ['/g/pv.js', 2048],
    ['/g/consent.js', 1024],
  ])('%s is a script of at most %i bytes, compressed, that a browser may keep for an hour', async (path, most) => {
    const { status, headers, body, setCookies } = await get(path);
    expect([status, headers['content-type'], headers['cache-control'], headers['x-content-type-options']]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'public, max-age=3600',
      'nosniff',
    ]);
    expect(gzipSync(body).length).toBeLessThanOrEqual(most);
    expect(setCookies).toEqual([]);
    // Pages that isolate themselves may load it, and hold it to a hash.
    expect([headers['access-control-allow-origin'], headers['cross-origin-resource-policy']]).toEqual([
      '*',
      'cross-origin',
    ]);
  });

  it('has one ETag for everybody, and answers 304 to who has it', async () => {
    const first = await get('/g/pv.js');
    const etag = first.headers['etag'] ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{16}"$/);
    const other = await get('/g/pv.js', {
      cookie: 'pv_id=x; CookieConsent=y',
      'user-agent': 'another',
      origin: 'https://evil.example',
    });
    expect([other.headers['etag'], other.body]).toEqual([etag, first.body]);
    // RFC 9110 13.1.2: a list, weak ones of proxies that compress, or any.
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get('/g/pv.js', { 'if-none-match': known });
      expect([again.status, again.body, again.headers['etag'], again.headers['cache-control']]).toEqual([
        304,
        '',
        etag,
        'public, max-age=3600',
      ]);
    }
    for (const known of ['"other"', etag.slice(1), `${etag}x`, ',', 'x'.repeat(5000)])
      expect((await get('/g/pv.js', { 'if-none-match': known })).status).toBe(200);
    const head = await ask(gateway.url, { method: 'HEAD', path: '/sgtm/g/pv.js' });
    expect([head.status, head.headers['etag'], head.body]).toEqual([200, etag, '']);
  });

  it('is a tag that keeps nothing, makes no code of text, and writes nothing into the page', async () => {
    const { body } = await get('/g/pv.js');
    for (const pattern of [
      /cookie\s*=[^=]/,
      /localStorage|sessionStorage|indexedDB|caches\b/,
      /\beval\b|Function\(|setTimeout\([`'"]/,
      /innerHTML|outerHTML|insertAdjacent|document\.write|createElement|appendChild/,
      /https?:/,
    ])
      expect(body).not.toMatch(pattern);
  });

  it('stands beside no door of the same path', () => {
    const front = frontOf({ gateway: () => ({ prefix: '', doors: () => undefined }) } as unknown as Ports);
    const at = (path: string) =>
      front({ method: 'GET', path, host: '', origin: undefined, asWorker: false, known: undefined });
    const paths = WAYS_IN.flatMap(({ door }) => door.paths);
    expect(paths.filter((path) => typeof at(path) === 'object')).toEqual([]);
    expect(at('/g/pv.js')).toMatchObject({ status: 200 });
  });
});
