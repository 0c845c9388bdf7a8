import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hono } from 'hono';
import type { Live } from '../http/live.ts';

const require = createRequire(import.meta.url);

/** The shop and what it needs; the banner and the GA4 client are other people's, from npm. */
const FILES: readonly (readonly [path: string, file: () => string, type: string])[] = [
  ['/', () => own('index.html'), 'text/html; charset=utf-8'],
  ['/demo/shop.js', () => own('shop.js'), 'text/javascript; charset=utf-8'],
  ['/demo/shop.css', () => own('shop.css'), 'text/css; charset=utf-8'],
  ['/demo/ga4.js', () => foreign('@minimal-analytics/ga4/dist/index.js'), 'text/javascript; charset=utf-8'],
  [
    '/demo/cookieconsent.js',
    () => foreign('vanilla-cookieconsent/dist/cookieconsent.umd.js'),
    'text/javascript; charset=utf-8',
  ],
  ['/demo/cookieconsent.css', () => foreign('vanilla-cookieconsent/dist/cookieconsent.css'), 'text/css; charset=utf-8'],
];

function own(name: string): string {
  return readFileSync(new URL(`./public/${name}`, import.meta.url), 'utf8');
}

function foreign(name: string): string {
  return readFileSync(require.resolve(name), 'utf8');
}

/** Adds the shop to the public listener. */
export function addPages(app: Hono, stream: Live): void {
  for (const [path, read, type] of FILES) {
    const body = read();
    app.get(path, () => new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-store' } }));
  }
  app.get('/favicon.ico', () => new Response(null, { status: 204 }));
  app.get('/demo/stream', () => stream.response());
}
