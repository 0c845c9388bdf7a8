import { Hono, type Context } from 'hono';
import { sha256Hex } from '../core/hash.ts';
import type { Problem } from '../protocols/hit.ts';
import { hostOf, splitTarget } from '../protocols/target.ts';
import { Failures } from './failures.ts';
import { isLoopbackName } from './loopback.ts';
import type { Preview } from './preview.ts';
import { problemResponse } from './problem.ts';

/** Characters an admin token has at least: 32 hex digits cannot be guessed by asking. */
export const MIN_TOKEN = 32;

export interface AdminOptions {
  readonly metrics: () => Promise<string>;
  readonly preview: Preview;
  /** Demanded of every request; undefined = none, and then only this machine's own names are answered. */
  readonly token: string | undefined;
  /** Told of every request that is refused. */
  readonly refused: () => void;
  readonly now?: () => number;
}

/** The admin listener: metrics, preview, and routes that wait for a person. A token is demanded off loopback (R82). */
export function createAdmin({ metrics, preview, token, refused, now = Date.now }: AdminOptions): Hono {
  const app = new Hono();
  const failures = new Failures(now);
  const wanted = token === undefined ? undefined : sha256Hex(token);
  app.use(async (c, next) => {
    const problem = wanted === undefined ? strangeCaller(c) : wrongToken(c, wanted);
    if (problem === undefined) return next();
    refused();
    await failures.add();
    const headers: Record<string, string> =
      problem.status === 401 ? { 'www-authenticate': 'Basic realm="portvakt admin"' } : {};
    return problemResponse(problem, headers);
  });
  app.get(
    '/metrics',
    async () =>
      new Response(await metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }),
  );
  preview.mount(app);
  app.notFound(() =>
    problemResponse({
      status: 404,
      title: 'Nothing here',
      detail: 'The admin listener has /metrics, /preview and /stopped.',
    }),
  );
  return app;
}

/**
 * Without a token everybody who reaches the port is let in. A page in the operator's browser could reach it, too: with a
 * host name that resolves to this machine (DNS rebinding), or by a request across sites.
 */
function strangeCaller(c: Context): Problem | undefined {
  const named = [c.req.header('host') ?? '', splitTarget(c.req.url).authority ?? ''];
  if (!named.every((host) => isLoopbackName(hostOf(host)))) return STRANGE_HOST;
  if (c.req.header('sec-fetch-site') === 'cross-site') return CROSS_SITE;
  const origin = c.req.header('origin');
  return origin === undefined || isLoopbackName(URL.parse(origin)?.hostname ?? '') ? undefined : CROSS_SITE;
}

const STRANGE_HOST: Problem = {
  status: 403,
  title: 'Not a name of this machine',
  detail:
    'Without PORTVAKT_ADMIN_TOKEN the admin listener answers to localhost, 127.0.0.1 and [::1] only. Set a token to use another name.',
};
const CROSS_SITE: Problem = {
  status: 403,
  title: 'Request from another site',
  detail: 'Without PORTVAKT_ADMIN_TOKEN the admin listener answers no pages of other sites. Open its address itself.',
};
const WRONG_TOKEN: Problem = {
  status: 401,
  title: 'Token needed',
  detail: 'Send the admin token as Bearer, or as the password of Basic.',
};

function wrongToken(c: Context, wanted: string): Problem | undefined {
  return sha256Hex(tokenOf(c.req.header('authorization'))) === wanted ? undefined : WRONG_TOKEN;
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
