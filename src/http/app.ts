import { Hono, type Context } from 'hono';
import { bridgeScript } from '../consent/bridge.ts';
import { ALWAYS, headersFor, toResponse } from './answer.ts';
import { collector, type Collect } from './collect.ts';
import type { Ports } from './ports.ts';
import { FAILED, NOT_FOUND, notAllowed, problemResponse } from './problem.ts';

/** The public listener: collection, health, and the consent bridge. */
export function createApp(ports: Ports, take: Collectors = collectors(ports)): Hono {
  const app = new Hono();
  app.on(['GET', 'POST'], '/g/collect', async (c) => toResponse(await take.hits(ports.toHit(c))));
  app.post('/v1/events', async (c) => toResponse(await take.events(ports.toHit(c))));
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
    return problemResponse(FAILED, { 'retry-after': '5' });
  });
  return app;
}

/** Media types a web hit may have; tags send text/plain, or nothing at all. */
const COLLECT_TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/x-www-form-urlencoded']);
/** JSON, and the text/plain of a beacon (only with a listed Origin, see `collect`). */
const EVENT_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/plain']);

/** How hits are taken, path by path: for the router here, and for a runtime that need not go through it. */
export interface Collectors {
  /** `/g/collect` */
  readonly hits: Collect;
  /** `/v1/events` */
  readonly events: Collect;
}

export function collectors(ports: Ports): Collectors {
  return { hits: collector(ports, COLLECT_TYPES), events: collector(ports, EVENT_TYPES) };
}

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
      ...headersFor(site, origin),
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '600',
    },
  });
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...ALWAYS, 'content-type': 'application/json' } });
}
