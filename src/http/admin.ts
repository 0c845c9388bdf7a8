import { Hono } from 'hono';
import { sha256Hex } from '../core/hash.ts';
import type { Preview } from './preview.ts';
import { problemResponse } from './problem.ts';

/** The admin listener: metrics and preview. A token is demanded off loopback (R82). */
export function createAdmin(metrics: () => Promise<string>, preview: Preview, token: string | undefined): Hono {
  const app = new Hono();
  if (token !== undefined) {
    const wanted = sha256Hex(token);
    app.use(async (c, next) => {
      if (sha256Hex(tokenOf(c.req.header('authorization'))) === wanted) return next();
      return problemResponse(
        { status: 401, title: 'Token needed', detail: 'Send the admin token as Bearer, or as the password of Basic.' },
        { 'www-authenticate': 'Basic realm="portvakt admin"' },
      );
    });
  }
  app.get(
    '/metrics',
    async () =>
      new Response(await metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }),
  );
  preview.mount(app);
  app.notFound(() =>
    problemResponse({ status: 404, title: 'Nothing here', detail: 'The admin listener has /metrics and /preview.' }),
  );
  return app;
}

/** The token of `Bearer <token>`, or of `Basic <user:token>`, which a browser can ask a person for. */
function tokenOf(header: string | undefined): string {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return '';
  try {
    const pair = atob(value);
    return pair.slice(pair.indexOf(':') + 1);
  } catch {
    return '';
  }
}
