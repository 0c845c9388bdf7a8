import { Hono, type Context } from 'hono';
import { bridgeScript } from '../consent/bridge.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Gateway, Site } from '../policy/gateway.ts';
import type { Trace } from '../pipeline.ts';
import type { Hit, Problem } from '../sources/hit.ts';
import { collect } from './collect.ts';
import type { Counters } from './counters.ts';
import type { RateLimit } from './rate-limit.ts';
import { ALWAYS, NOT_FOUND, notAllowed, problemResponse } from './problem.ts';

/** What the public listener needs of the runtime it is on. */
export interface Ports {
  /** The configuration in force; it may be another one for the next hit. */
  readonly gateway: () => Gateway;
  readonly outbox: Outbox;
  /** Routes that wait for a person (credentials, settings), with the reason. They lose nothing meanwhile. */
  readonly stopped: () => Readonly<Record<string, string>>;
  /** Freezes a request: reads the body within its limits, adds time, id and peer. */
  readonly toHit: (c: Context) => Hit | Problem | Promise<Hit | Problem>;
  readonly counters: Counters;
  readonly rateLimit: RateLimit;
  /** Called with every accepted trace while somebody watches the preview. */
  readonly watch: ((trace: Trace) => void) | undefined;
}

/** The public listener: collection, health, and the consent bridge. */
export function createApp(ports: Ports): Hono {
  const app = new Hono();
  app.on(['GET', 'POST'], '/g/collect', (c) => collect(c, ports, COLLECT_TYPES));
  app.post('/v1/events', (c) => collect(c, ports, EVENT_TYPES));
  app.options('/g/collect', (c) => preflight(c, ports));
  app.options('/v1/events', (c) => preflight(c, ports));
  app.all('/g/collect', () => notAllowed('GET, POST'));
  app.all('/v1/events', () => notAllowed('POST'));

  app.get('/healthz', () => json({ alive: true }, 200));
  app.get('/readyz', () => {
    const ready = ports.outbox.ready;
    const stopped = Object.keys(ports.stopped()).length;
    const detail = {
      ...(!ready && { reason: 'events cannot be stored' }),
      ...(stopped > 0 && { stopped_routes: stopped }),
    };
    return json({ ready, ...detail }, ready ? 200 : 503);
  });
  const bridge = bridgeScript();
  app.get(
    '/g/consent.js',
    () =>
      new Response(bridge, {
        headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=3600' },
      }),
  );
  app.notFound(() => problemResponse(NOT_FOUND));
  // Nothing of the error goes out or into a log: it may hold parts of the hit.
  app.onError(() => {
    ports.counters.answers.add('500');
    return problemResponse(
      { status: 503, title: 'Not available', detail: 'Try again in a moment.' },
      { 'retry-after': '5' },
    );
  });
  return app;
}

/** Media types a web hit may have; tags send text/plain, or nothing at all. */
const COLLECT_TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/x-www-form-urlencoded']);
/** JSON, and the text/plain of a beacon (only with a listed Origin, see `collect`). */
const EVENT_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/plain']);

/** CORS headers for a listed origin. */
export function corsOf(site: Site, origin: string | undefined): Readonly<Record<string, string>> {
  if (origin === undefined || !site.origins.has(origin)) return NO_CORS;
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
  };
}

const NO_CORS: Readonly<Record<string, string>> = { vary: 'Origin' };

function preflight(c: Context, ports: Ports): Response {
  const host = (c.req.header('host') ?? '').toLowerCase().replace(/:\d+$/, '');
  const site = ports.gateway().siteOf.get(host);
  const origin = c.req.header('origin');
  if (site === undefined || origin === undefined || !site.origins.has(origin)) {
    return problemResponse({
      status: 403,
      title: 'Not an allowed sender',
      detail: 'The Origin of this page is not listed. Add it to `origins` of the site in the gateway configuration.',
    });
  }
  return new Response(null, {
    status: 204,
    headers: {
      ...ALWAYS,
      ...corsOf(site, origin),
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '600',
    },
  });
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...ALWAYS, 'content-type': 'application/json' } });
}
