import { sha256Hex } from '../../core/hash.ts';
import { Failures } from '../../http/failures.ts';
import { ALWAYS } from '../../protocols/headers.ts';
import { problemResponse } from '../../http/problem.ts';
import type { RequestHead } from '../../http/web-hit.ts';
import type { Gateway } from '../../policy/gateway.ts';
import type { Problem } from '../../protocols/hit.ts';
import { metricsText } from './metrics-text.ts';
import type { ObjectClient } from './object-client.ts';
import type { OperatorAnswer, OperatorCall, SiteReport } from './rpc.ts';
import { VERSION } from './version.ts';

/** Answers an operator's request; undefined = the path is not for operators. No answer has anything of an event in it. */
export type Admin = (request: Request, head: Pick<RequestHead, 'path' | 'query'>) => Promise<Response> | undefined;

/** The beginning of all paths for operators, behind `server.path_prefix`. */
export const ADMIN_PATH = '/g/admin/';

const REFUSED: Problem = { status: 401, title: 'Unauthorized', detail: 'Authorization: Bearer and the admin token.' };
const NO_PATH: Problem = {
  status: 404,
  title: 'Nothing here',
  detail: 'GET metrics, outbox, outbox/dead; POST outbox/retry, outbox/purge with ?id=, ?route= or ?all.',
};
const NOT_SAID: Problem = {
  status: 400,
  title: 'Which dead letters?',
  detail: 'Add ?site= and ?id=, or ?route=, or ?all to the address.',
};
const NO_ANSWER: Problem = { status: 503, title: 'The outbox does not answer', detail: 'Try again in a moment.' };

/** @param token what callers must show; undefined = there are no such paths */
export function createWorkersAdmin(gateway: Gateway, client: ObjectClient, token: string | undefined): Admin {
  if (token === undefined) return () => undefined;
  const wanted = sha256Hex(token);
  const failures = new Failures();
  const base = `${gateway.prefix}${ADMIN_PATH}`;
  return (request, { path, query }) => {
    if (!path.startsWith(base)) return undefined;
    const shown = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
    if (shown === undefined || sha256Hex(shown) !== wanted)
      return (failures.add() ?? Promise.resolve()).then(() =>
        problemResponse(REFUSED, { 'www-authenticate': 'Bearer' }),
      );
    const asked = `${request.method} ${path.slice(base.length)}`;
    return answer(asked, new URLSearchParams(query), gateway, client).catch(() => problemResponse(NO_ANSWER));
  };
}

async function answer(
  asked: string,
  query: URLSearchParams,
  gateway: Gateway,
  client: ObjectClient,
): Promise<Response> {
  if (asked === 'GET metrics') {
    const text = metricsText(await reports(gateway, client), VERSION);
    return new Response(text, { headers: { ...ALWAYS, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
  }
  if (asked === 'GET outbox') return json(Object.fromEntries(await reports(gateway, client)));
  const action = ACTIONS[asked];
  if (action === undefined) return problemResponse(NO_PATH);
  const which = whichOf(query);
  const route = which.route === undefined ? undefined : gateway.routeOf.get(which.route);
  const sites = gateway.sites
    .map(({ name }) => name)
    .filter((name) => {
      if (route !== undefined) return route.site === name;
      return query.get('site') === null ? action === 'show' || query.has('all') : query.get('site') === name;
    });
  const unsaid = which.id === undefined && which.route === undefined && !query.has('all');
  if (action !== 'show' && (unsaid || sites.length === 0)) return problemResponse(NOT_SAID);
  const answers = await Promise.all(sites.map((site) => client.operate(site, action, which)));
  if (action === 'show') return json(answers.flatMap((one) => lettersOf(one)));
  return json({ count: answers.reduce((sum, one) => sum + ('count' in one ? one.count : 0), 0) });
}

const ACTIONS: Readonly<Record<string, OperatorCall['action'] | undefined>> = {
  'GET outbox/dead': 'show',
  'POST outbox/retry': 'retry',
  'POST outbox/purge': 'purge',
};

function whichOf(query: URLSearchParams): OperatorCall['which'] {
  const id = query.get('id');
  return { route: query.get('route') ?? undefined, id: id === null ? undefined : Number(id) };
}

async function reports(gateway: Gateway, client: ObjectClient): Promise<readonly (readonly [string, SiteReport])[]> {
  const names = gateway.sites.map(({ name }) => name);
  return Promise.all(names.map(async (name) => [name, reportOf(await client.operate(name, 'list', {}))] as const));
}

function reportOf(said: OperatorAnswer): SiteReport {
  if ('report' in said) return said.report;
  throw new Error('no report');
}

function lettersOf(said: OperatorAnswer): readonly unknown[] {
  return 'letters' in said ? said.letters : [];
}

function json(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { ...ALWAYS, 'content-type': 'application/json' } });
}
