import { bridgeScript } from '../consent/bridge.ts';
import { sha256Hex } from '../core/hash.ts';
import { MISDIRECTED } from '../decide/index.ts';
import { UNLISTED } from '../protocols/admission.ts';
import type { Gateway } from '../policy/gateway.ts';
import { notAllowed, WAYS_IN, type WayIn } from '../protocols/doors.ts';
import type { Problem } from '../protocols/hit.ts';
import { ALWAYS } from '../protocols/headers.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { Address, AddressReply, Door, ProtocolReply } from '../protocols/protocol.ts';
import { headersFor, problemAnswer, replyAnswer, type Answer } from './answer.ts';
import { collector, type Collect } from './collect.ts';
import { isLoopbackName } from './loopback.ts';
import type { Ports } from './ports.ts';

/** What is known of a request before its body is read. */
export interface Asked {
  readonly method: string;
  /** Undecoded, without the query. */
  readonly path: string;
  /** As `hostOf` gives it. */
  readonly host: string;
  readonly origin: string | undefined;
  /** Host and port as they came; undefined = the port is unknown. */
  readonly authority?: string | undefined;
  /** The browser would run the answer as a service worker (`Service-Worker: script`). */
  readonly asWorker: boolean;
  /** `If-None-Match`. */
  readonly known: string | undefined;
}

/**
 * Routes a request: to a door, or to an answer at once; undefined = the gateway has nothing at this path. Every runtime
 * uses only this function, so that all of them treat a path or a method alike.
 */
export type Front = (asked: Asked) => Collect | Answer | undefined;

/** Something to read at a path of its own. */
type Page = (asked: Asked) => Answer;

const READING = ['GET', 'HEAD'];

/** A service worker would see every request of the pages below its path, and could send anything. */
const NO_WORKERS: Problem = {
  status: 404,
  title: 'No service worker',
  detail: 'Nothing of the gateway may be run as a service worker.',
};

/** The public listener's paths: collection, health, and scripts. */
export function frontOf(ports: Ports): Front {
  const takers = new Map(WAYS_IN.map((way) => [way.door, takerOf(way, ports)] as const));
  const health: readonly (readonly [string, Page])[] = [
    ['/healthz', () => json({ alive: true }, 200)],
    ['/readyz', () => readiness(ports)],
    // The same under the name that Google's tag gateway has for it (`protocols/google-paths.md` 1).
    [
      '/healthy',
      () => ({ status: 200, headers: { ...ALWAYS, 'content-type': 'text/plain' }, cookies: [], body: 'ok' }),
    ],
  ];
  const pages: ReadonlyMap<string, Page> = new Map([...health, ...SCRIPTS]);
  const atRoot: ReadonlyMap<string, Page> = new Map(health);

  return (asked) => {
    const gateway = ports.gateway();
    const { method, path } = asked;
    if (asked.asWorker) return refused(asked, NO_WORKERS, ports);
    const door = gateway.doors(path)?.door;
    if (door !== undefined) {
      if ((door.methods as readonly string[]).includes(method)) return takers.get(door)?.(asked);
      return method === 'OPTIONS' && door.preflight
        ? preflight(asked, door, gateway, ports)
        : wrongMethod(asked, door.methods, ports);
    }
    // Health checks come from beside the gateway, so their paths do not depend on the mount path.
    const page = path.startsWith(gateway.prefix)
      ? (pages.get(path.slice(gateway.prefix.length)) ?? atRoot.get(path))
      : atRoot.get(path);
    if (page === undefined) return undefined;
    return READING.includes(method) ? page(asked) : wrongMethod(asked, READING, ports);
  };
}

/** What a door does with a request of one of its methods. */
function takerOf(way: WayIn, ports: Ports): (asked: Asked) => Collect | Answer {
  const { does } = way.door;
  if (typeof does === 'object') return (asked) => fixed(asked, way.door, does, ports);
  const collect = collector(ports, way);
  return () => collect;
}

/** The same for everybody: the request is not read. */
function fixed(asked: Asked, { paths: [name] }: Door, does: ProtocolReply | AddressReply, ports: Ports): Answer {
  const gateway = ports.gateway();
  const site = gateway.siteOf.get(asked.host);
  if (site === undefined) return refused(asked, MISDIRECTED, ports);
  const reply = 'replyTo' in does ? does.replyTo(addressOf(asked, gateway)) : does;
  ports.counters.answers.add(String(reply.status));
  ports.counters.fixedAnswers.add(`${site.name}\t${name}`);
  return replyAnswer(reply, headersFor(site, asked.origin));
}

/** Browsers use TLS, except to a host on their own machine. */
function addressOf({ host, path, authority = host }: Asked, { prefix }: Gateway): Address {
  const scheme = isLoopbackName(host) || host.endsWith('.localhost') ? 'http' : 'https';
  return { base: `${scheme}://${authority.toLowerCase()}${prefix}`, path: path.slice(prefix.length) };
}

/** A refusal, counted, with what the page may read of it. */
export function refused(asked: Asked, problem: Problem, ports: Ports): Answer {
  const gateway = ports.gateway();
  ports.counters.answers.add(String(problem.status));
  ports.refusals?.add(asked, problem, gateway);
  return problemAnswer(problem, headersFor(gateway.siteOf.get(asked.host), asked.origin));
}

function wrongMethod(asked: Asked, methods: readonly string[], ports: Ports): Answer {
  const answer = refused(asked, notAllowed(methods), ports);
  return { ...answer, headers: { ...answer.headers, allow: methods.join(', ') } };
}

function preflight(asked: Asked, door: Door, gateway: Gateway, ports: Ports): Answer {
  const site = gateway.siteOf.get(asked.host);
  if (site === undefined) return refused(asked, MISDIRECTED, ports);
  if (asked.origin === undefined || !site.origins.has(asked.origin)) return refused(asked, UNLISTED, ports);
  return {
    status: 204,
    headers: {
      ...headersFor(site, asked.origin),
      'access-control-allow-methods': door.methods.join(', '),
      'access-control-allow-headers': ['Content-Type', ...(door.headers ?? [])].join(', '),
      'access-control-max-age': '600',
    },
    cookies: [],
    body: undefined,
  };
}

function readiness(ports: Ports): Answer {
  const keyed = ports.windows?.complete(ports.gateway(), Date.now()) !== false;
  const stopping = ports.stopping?.() === true;
  const ready = ports.outbox.ready && keyed && !stopping;
  // Only their number: this page is public, and which vendor refuses credentials is not. The admin listener names the
  // routes (`/stopped`).
  const count = ports.stopped();
  return json(
    {
      ready,
      ...(!ready && { reason: stopping ? 'stopping' : 'events cannot be stored' }),
      ...(count > 0 && { stopped_routes: count }),
    },
    ready ? 200 : 503,
  );
}

/** What pages load: the bridge to consent platforms, and what the protocols have. */
const SCRIPTS: readonly (readonly [path: string, page: Page])[] = [
  ['/g/consent.js', scriptPage(bridgeScript())],
  ...PROTOCOLS.flatMap(({ scripts = [] }) => scripts.map(({ path, text }) => [path, scriptPage(text)] as const)),
];

/** The same for everybody, cookies or not: its `ETag` is made of the text alone, so it tells no two browsers apart. */
function scriptPage(body: string): Page {
  const etag = `"${sha256Hex(body).slice(0, 16)}"`;
  const headers = {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=3600',
    'x-content-type-options': 'nosniff',
    // It holds nothing about visitors, so pages of any origin may load it, also those that demand CORS or CORP of scripts.
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    etag,
  };
  const { 'content-type': _, ...unchanged } = headers;
  return ({ known }) =>
    isKnown(known, etag)
      ? { status: 304, headers: unchanged, cookies: [], body: undefined }
      : { status: 200, headers, cookies: [], body };
}

/** `If-None-Match` names it (RFC 9110 13.1.2): compared weakly, because proxies that compress weaken a tag. */
function isKnown(known: string | undefined, etag: string): boolean {
  if (known === undefined || known.length > 1000) return false;
  return known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}

function json(body: unknown, status: number): Answer {
  return {
    status,
    headers: { ...ALWAYS, 'content-type': 'application/json' },
    cookies: [],
    body: JSON.stringify(body),
  };
}
