import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hono } from 'hono';
import { parseCookies } from '../consent/cookie-header.ts';
import { governs } from '../cookies/vendor-cookies.ts';
import type { Live } from '../http/live.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import { Unusable } from '../runtimes/node/process/unusable.ts';

const require = createRequire(import.meta.url);

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** The shop, with one client or the other, and its files; the banner and the GA4 client are packages from npm. */
const FILES: readonly (readonly [path: string, file: () => string, type: string])[] = [
  ['/', () => own('index.html'), HTML],
  ['/tag', () => own('index.html').replace(CLIENT, TAG), HTML],
  ['/demo/shop.js', () => own('shop.js'), SCRIPT],
  ['/demo/shop.css', () => own('shop.css'), STYLE],
  ['/demo/ga4.js', () => foreign('@minimal-analytics/ga4/dist/index.js'), SCRIPT],
  ['/demo/cookieconsent.js', () => foreign('vanilla-cookieconsent/dist/cookieconsent.umd.js'), SCRIPT],
  ['/demo/cookieconsent.css', () => foreign('vanilla-cookieconsent/dist/cookieconsent.css'), STYLE],
];

/**
 * The same shop with the gateway's own tag in place of the GA4 client: the two lines that a site pastes. Only the page
 * view is sent by this page itself, because the view of the vendors has to be open before it.
 */
const CLIENT = /<!-- client: begin -->[^]*<!-- client: end -->/;
const TAG = [
  '<script>window.pv ||= function () { (pv.q ||= []).push(arguments); };</script>',
  ...PROTOCOLS.flatMap(({ scripts = [] }) => scripts).map(
    ({ path }) => `<script src="${path}" async data-views="manual"></script>`,
  ),
].join('\n    ');

/** A file of the shop, ready to be served. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

/** Reads the shop's files. @throws Unusable where they are not installed. */
export function readPages(): PageFile[] {
  try {
    return FILES.map(([path, read, type]) => ({ path, type, body: read() }));
  } catch (error) {
    throw new Unusable(
      'the demo needs a checkout with its development dependencies (its banner and its GA4 client are among them); ' +
        'in a clone of the repository: npm ci && npm start',
      { cause: error },
    );
  }
}

function own(name: string): string {
  return readFileSync(new URL(`./public/${name}`, import.meta.url), 'utf8');
}

function foreign(name: string): string {
  return readFileSync(require.resolve(name), 'utf8');
}

/** A route as the page names it. */
export interface ShownRoute {
  readonly name: string;
  readonly title: string;
}

/** Adds the shop to the public listener. */
export function addPages(app: Hono, files: readonly PageFile[], stream: Live, routes: () => ShownRoute[]): void {
  for (const { path, type, body } of files) {
    app.get(path, () => new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-store' } }));
  }
  app.get('/favicon.ico', () => new Response(null, { status: 204 }));
  app.get('/demo/routes', (c) => c.json(routes()));
  // Scripts of the page cannot read all of its cookies, so the gateway shows them to the visitor.
  app.get('/demo/cookies', (c) => c.json(shownCookies(c.req.header('cookie') ?? '')));
  app.get('/demo/stream', () => stream.response() ?? new Response(null, { status: 503 }));
}

/** The banner's cookie and the governed ones, without cookies of other programs on this machine. */
function shownCookies(header: string): { name: string; value: string; owner: string }[] {
  const { names, values } = parseCookies(header);
  return names.flatMap((name, i) => {
    const owner = name === BANNER_COOKIE ? 'the banner' : governs(name)?.owner;
    return owner === undefined ? [] : [{ name, value: values[i] ?? '', owner }];
  });
}

const BANNER_COOKIE = 'cc_cookie';
