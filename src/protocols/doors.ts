import type { SourceName } from '../core/destination.ts';
import type { Problem } from './hit.ts';

/** Where and how the events of one protocol come in. Every listener, `explain` and the cases go by this, and by nothing else. */
export interface Door {
  readonly source: SourceName;
  /** Exact paths, compared undecoded: another spelling is another path. The first one is the one to use. */
  readonly paths: readonly [string, ...string[]];
  readonly methods: readonly ('GET' | 'POST')[];
  /** Media types a body may have; '' = none is said. */
  readonly types: ReadonlySet<string>;
  /** Those of them that only a page may send: without `Origin` anybody's form could. */
  readonly fromPages: ReadonlySet<string>;
}

export const DOORS: readonly Door[] = [
  {
    source: 'ga4-collect',
    // Tags configured with a folder write the slash.
    paths: ['/g/collect', '/g/collect/'],
    methods: ['GET', 'POST'],
    // gtag.js sends text/plain, or nothing at all.
    types: new Set(['', 'text/plain', 'application/x-www-form-urlencoded']),
    fromPages: new Set(),
  },
  {
    source: 'json',
    paths: ['/v1/events'],
    methods: ['POST'],
    types: new Set(['application/json', 'text/plain']),
    fromPages: new Set(['text/plain']),
  },
];

/** The doors by path, below a prefix such as `/sgtm`; '' = none. */
export function doorsUnder(prefix: string): ReadonlyMap<string, Door> {
  return new Map(DOORS.flatMap((door) => door.paths.map((path) => [prefix + path, door] as const)));
}

/** 404, with the paths there are. */
export function notFound(prefix: string): Problem {
  return {
    status: 404,
    title: 'Nothing here',
    detail: `Web hits go to ${prefix}/g/collect, JSON events to POST ${prefix}/v1/events.`,
  };
}

/** 405, with the methods there are; `Allow` says the same. */
export function notAllowed(methods: readonly string[]): Problem {
  return { status: 405, title: 'Method not allowed', detail: `Use ${methods.join(', ')}.` };
}
