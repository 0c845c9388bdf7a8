import { reason, wordsOf } from '../core/reason.ts';
import type { Gateway, Site } from '../policy/gateway.ts';
import type { KeyKind } from '../protocols/admission.ts';
import { WAYS_IN } from '../protocols/doors.ts';
import { refusedCode, type Hit, type Problem, type RefusedCode } from '../protocols/hit.ts';
import type { Counters } from '../ledger/counters.ts';

/** What is known of a request before anything is decided. */
export interface RefusedRequest {
  /** As `hostOf` gives it. */
  readonly host: string;
  readonly origin: string | undefined;
  readonly path: string;
  /** Undefined if the request was refused before it was read. */
  readonly hit?: Hit | undefined;
}

/** A refused request as the preview shows it: names of sites, never of visitors. */
export interface RefusalRecord {
  readonly at: string;
  /** Empty where no site has the host. */
  readonly site: string;
  readonly code: RefusedCode;
  readonly words: string;
  /** What the answer said. */
  readonly detail: string;
  /** The configuration lines with which it would be accepted; undefined where configuration does not change that. */
  readonly accept: string | undefined;
}

/** Groups named in one line of the log. */
const MOST_NAMED = 12;

/** Refused requests: counted by site and reason, summed for the log, and shown while somebody watches. */
export class Refusals {
  readonly #counters: Counters;
  readonly #watcher: () => ((record: RefusalRecord) => void) | undefined;
  readonly #now: () => number;
  /** Since the last line of the log. */
  #recent = new Map<string, number>();

  /** @param watcher gives the function that shows them; undefined while no preview is open */
  constructor(
    counters: Counters,
    watcher: () => ((record: RefusalRecord) => void) | undefined,
    now: () => number = Date.now,
  ) {
    this.#counters = counters;
    this.#now = now;
    this.#watcher = watcher;
  }

  add(request: RefusedRequest, problem: Problem, gateway: Gateway): void {
    const code = refusedCode(problem);
    const site = gateway.siteOf.get(request.host);
    this.count(site?.name ?? '', code);
    const show = this.#watcher();
    if (show === undefined) return;
    show({
      at: new Date(this.#now()).toISOString(),
      site: site?.name ?? '',
      code,
      words: wordsOf(reason(code)),
      detail: problem.detail,
      accept: acceptedBy(code, request, site, gateway),
    });
  }

  /** Counts one without showing it. */
  count(site: string, code: RefusedCode): void {
    const key = `${site}\t${code}`;
    this.#counters.refused.add(key);
    this.#recent.set(key, (this.#recent.get(key) ?? 0) + 1);
  }

  /** What was refused since the last call, for the log: how many, and for what; undefined = nothing. */
  take(): { readonly count: number; readonly reason: string } | undefined {
    if (this.#recent.size === 0) return undefined;
    const groups = [...this.#recent].sort(([, a], [, b]) => b - a);
    this.#recent = new Map();
    const named = groups.slice(0, MOST_NAMED).map(([key, n]) => {
      const [site = '', code = ''] = key.split('\t');
      return `${site === '' ? 'no site' : site}: ${code} ${n}`;
    });
    const left = groups.length - named.length;
    return {
      count: groups.reduce((sum, [, n]) => sum + n, 0),
      reason: named.join(', ') + (left > 0 ? `, and ${left} more` : ''),
    };
  }
}

const HOST = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The configuration lines with which the next such request is accepted. */
function acceptedBy(
  code: RefusedCode,
  request: RefusedRequest,
  site: Site | undefined,
  gateway: Gateway,
): string | undefined {
  switch (code) {
    case 'refused.host': {
      if (!HOST.test(request.host)) return undefined;
      const [only, ...others] = gateway.sites;
      const known = others.length === 0 && only !== undefined ? only.hosts : [];
      return `hosts: [${[...known, request.host].join(', ')}]`;
    }
    case 'refused.origin': {
      const origin = originOf(request);
      return origin === undefined ? undefined : `origins: [${[...(site?.origins ?? []), origin].join(', ')}]`;
    }
    case 'refused.key':
      return KEYS[gateway.doors(request.path)?.protocol.backends ?? 'ingest_keys'];
    case 'refused.measurement_id':
      return measurementId(request, site);
    case 'refused.rate_limit':
      return gateway.perClient === undefined ? undefined : `limits: { per_client: ${gateway.perClient * 2} }`;
    case 'refused.path':
      return prefixOf(request.path, gateway.prefix);
    default:
      return undefined;
  }
}

const KEYS: Readonly<Record<KeyKind, string>> = {
  ingest_keys: 'ingest_keys: ["${INGEST_KEY}"]',
  mp_secrets: 'mp_secrets: ["${MP_SECRET}"]',
};

/** The page's origin, from `Origin`, or from `Referer` where that decided. A text without the form of one is not shown. */
function originOf({ origin, hit }: RefusedRequest): string | undefined {
  const url = URL.parse(origin ?? hit?.headers['referer'] ?? '');
  if (url === null || !/^https?:$/.test(url.protocol) || !HOST.test(url.hostname)) return undefined;
  return url.origin;
}

function measurementId({ hit }: RefusedRequest, site: Site | undefined): string | undefined {
  const id = /(?:^|&)(?:tid|measurement_id)=(G-[A-Z0-9]{4,16})(?:&|$)/.exec(hit?.query ?? '')?.[1];
  if (id === undefined || site === undefined) return undefined;
  const taken = new Set(site.routes.map(({ name }) => name));
  if (!taken.has('ga4')) return `ga4: { measurement_id: ${id} }`;
  let n = 2;
  while (taken.has(`ga4_${n}`)) n++;
  return `ga4_${n}: { type: ga4, measurement_id: ${id} }`;
}

/** A door's path behind something that could be a prefix. */
function prefixOf(path: string, current: string): string | undefined {
  for (const { door } of WAYS_IN) {
    if (typeof door.does === 'object') continue;
    for (const known of door.paths) {
      if (!path.endsWith(known)) continue;
      const prefix = path.slice(0, -known.length);
      if (prefix === current || prefix.length > 256) continue;
      if (prefix === '') return 'server: {}   # without path_prefix';
      if (/^(?:\/[A-Za-z0-9_~-]{1,64}){1,8}$/.test(prefix)) return `server: { path_prefix: ${prefix} }`;
    }
  }
  return undefined;
}
