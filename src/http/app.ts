import { Hono, type Context } from 'hono';
import { notFound } from '../protocols/doors.ts';
import { hostOf, splitTarget } from '../protocols/target.ts';
import { toResponse } from './answer.ts';
import { frontOf, refused, type Asked, type Front } from './front.ts';
import type { Ports } from './ports.ts';
import { FAILED, problemResponse } from './problem.ts';

/** The public listener as a web app, for runtimes that hand over a `Request`, and for pages that are added to it. */
export function createApp(ports: Ports, front: Front = frontOf(ports)): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const found = front(askedOf(c, ports));
    if (found === undefined) return next();
    if (typeof found !== 'function') return toResponse(found);
    const { host, origin } = askedOf(c, ports);
    return toResponse(await found(ports.toHit(c, found.mostBytes), host, origin));
  });
  app.notFound((c) => toResponse(refused(askedOf(c, ports), notFound(ports.gateway().prefix), ports)));
  // The error is neither answered nor logged: its text may hold parts of the hit.
  app.onError(() => {
    ports.counters.answers.add('500');
    return problemResponse(FAILED, { 'retry-after': '5' });
  });
  return app;
}

/** The target as it came, where the runtime has it; else made of the `Request`'s address, which always has a host. */
function askedOf(c: Context, ports: Ports): Asked {
  const raw = ports.target?.(c);
  const { authority, path } = splitTarget(raw ?? c.req.url);
  const header = c.req.header('host');
  const named = (raw === undefined ? (header ?? authority) : (authority ?? header)) ?? '';
  const asWorker = c.req.header('service-worker') !== undefined;
  const known = c.req.header('if-none-match');
  const { method } = c.req;
  const origin = c.req.header('origin');
  return { method, path, host: hostOf(named), authority: named, origin, asWorker, known };
}
