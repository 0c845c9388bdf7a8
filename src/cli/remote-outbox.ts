import { isMeant, newest, type DeadLetter, type DeadLetters, type Which } from '../outbox/dead-letters.ts';
import type { Inspected, QueueInfo } from '../outbox/sql/outbox-inspect.ts';
import { isLoopbackName } from '../http/loopback.ts';
import { ADMIN_PATH } from '../runtimes/workers/admin.ts';
import { ADMIN_TOKEN } from '../runtimes/workers/built-version.ts';
import type { SiteReport } from '../runtimes/workers/rpc.ts';
import { UsageError } from './args.ts';

/** Milliseconds for one answer: a stopped gateway first has to start. */
const PATIENCE_MS = 30_000;

/**
 * The outboxes of a gateway on Workers, asked by its paths for operators (`src/runtimes/workers/admin.ts`).
 * @param address where the gateway answers, with its mount path where it has one: `https://shop.example.no`
 * @param token what it was given as `PORTVAKT_ADMIN_TOKEN`
 * @throws UsageError if the address is not valid or not https, or no such gateway answers
 */
export function outboxesAt(address: string, token: string | undefined): Inspected {
  const ask = asking(baseOf(address), token);
  const reports = async () =>
    Object.entries((await ask('GET', 'outbox')) as Readonly<Record<string, SiteReport>>).sort(byName);
  return {
    queues: async () => (await reports()).flatMap(([site, report]) => queuesOf(site, report)),
    bytes: async () => (await reports()).reduce((sum, [, { bytes }]) => sum + bytes, 0),
    dead: lettersAt(ask),
  };
}

type Ask = (method: 'GET' | 'POST', path: string, which?: Which) => Promise<unknown>;

function lettersAt(ask: Ask): DeadLetters {
  const list = async (which: Which = {}, limit = 100) =>
    newest(
      ((await ask('GET', 'outbox/dead', which)) as DeadLetter[]).filter(({ id, route }) => isMeant(which, id, route)),
      limit,
    );
  /** Ids are counted by each site: the one that is meant has a route, and the route has a site. */
  const change = async (path: string, which: Which): Promise<number> => {
    const routes = which.id === undefined || which.route !== undefined ? [which.route] : await routesOf(which);
    if (routes.length > 1)
      throw new UsageError(
        `several sites have a dead letter ${which.id}: say which with --route, one of ${routes.join(', ')}`,
      );
    if (routes.length === 0) return 0;
    const answer = (await ask('POST', path, { id: which.id, route: routes[0] })) as { readonly count: number };
    return answer.count;
  };
  const routesOf = async (which: Which) => (await list(which)).map(({ route }) => route);
  return {
    list,
    retry: (which = {}) => change('outbox/retry', which),
    purge: (which = {}) => change('outbox/purge', which),
  };
}

function queuesOf(site: string, { queues }: SiteReport): QueueInfo[] {
  return Object.entries(queues)
    .sort(byName)
    .map(([route, queue]) => ({ outbox: site, route, ...queue }));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function baseOf(address: string): string {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '')
    throw new UsageError('--url takes the address of the gateway, e.g. https://shop.example.no');
  // Without https the token could be read on the way.
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname))
    throw new UsageError('--url takes an https address: the token goes with each request');
  const at = url.pathname.indexOf(ADMIN_PATH);
  const mount = (at < 0 ? url.pathname : url.pathname.slice(0, at)).replace(/\/+$/, '');
  return `${url.origin}${mount}${ADMIN_PATH}`;
}

function asking(base: string, token: string | undefined): Ask {
  if (token === undefined || token === '')
    throw new UsageError(`set ${ADMIN_TOKEN} to the token of that gateway: it stands in .secrets.env of its build`);
  return async (method, path, which = {}) => {
    const query = new URLSearchParams();
    if (which.id !== undefined) query.set('id', String(which.id));
    if (which.route !== undefined) query.set('route', which.route);
    // If nothing is named, the command was given --all.
    if (method === 'POST' && query.size === 0) query.set('all', '');
    const answer = await fetch(`${base}${path}?${query}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(() => undefined);
    if (answer === undefined) throw new UsageError(`no answer from ${base}${path}`);
    if (answer.status === 401) throw new UsageError(`that gateway has another token than ${ADMIN_TOKEN}`);
    const body: unknown = await answer.json().catch(() => undefined);
    if (!answer.ok || body === undefined)
      throw new UsageError(`${base}${path} answers ${answer.status}: is it a gateway built with --target workers?`);
    return body;
  };
}
