import type { Recorded } from '../support/recorder.ts';

type Json = Record<string, unknown>;

/** A request about one event, in the form in which it is compared. */
export interface Single {
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown;
}

/** The lists that may hold several events. */
const LISTS = ['data', 'elements', 'events', 'inputs', 'requests'] as const;

/**
 * A request as one request for each of its events: how many of them share one is the gateway's own business. Lines of a
 * GA4 web hit are put under the query's keys, and of a Google Ads request only the destinations an event names are kept.
 */
export function singles(request: Recorded): readonly Single[] {
  const { host: to, method, path, headers } = request;
  const query = Object.fromEntries(new URLSearchParams(request.query));
  const one = { to, method, path, headers };
  if (path === '/g/collect') {
    const lines = request.body.split(/\r?\n/).filter((line) => line !== '');
    const texts = lines.length === 0 ? [''] : lines;
    return texts.map((line) => ({
      ...one,
      query: { ...query, ...Object.fromEntries(new URLSearchParams(line)) },
      body: undefined,
    }));
  }
  const body = json(request.body);
  // Reddit has its list one level further in.
  const { events: inner, ...about } = (body?.['data'] ?? {}) as Json;
  if (Array.isArray(inner)) {
    return (inner as Json[]).map((event) => ({
      ...one,
      query,
      body: { ...body, data: { ...about, events: [event] } },
    }));
  }
  const list = LISTS.find((name) => Array.isArray(body?.[name]));
  if (body === undefined || list === undefined) return [{ ...one, query, body: body ?? (request.body || undefined) }];
  return (body[list] as (Json | string)[]).map((row) => {
    // Where an event is a query itself, its pairs are compared.
    const event = typeof row === 'string' ? Object.fromEntries(new URLSearchParams(row)) : row;
    return { ...one, query, body: { ...shared(body, event), [list]: [event] } };
  });
}

/** What the request says beside its events, as far as it concerns this one. */
function shared(body: Json, event: Json): Json {
  const { destinations, encoding, ...rest } = body;
  if (!Array.isArray(destinations)) return body;
  const named = (event['destinationReferences'] ?? []) as readonly string[];
  const own = (destinations as Json[]).filter(
    ({ reference }) => named.length === 0 || named.includes(reference as string),
  );
  // Asked for as soon as one event of a request has a hash in it.
  return { ...rest, destinations: own, ...(event['userData'] === undefined ? {} : { encoding }) };
}

function json(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
