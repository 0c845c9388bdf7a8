import type { Element, PlanContext, PlannedRequest, SkipReason } from '../../src/core/destination.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import type { Item } from '../../src/core/values.ts';
import { reason } from '../../src/core/reason.ts';
import { secretText, type SecretRef, type SecretText, type Signature } from '../../src/core/secret.ts';
import { fieldsOfPath, type Filled, type PathParts } from './address.ts';
import { authorization } from './auth.ts';
import { mapped } from './mapping.ts';
import { IN_THE_CLEAR, NAMES_IN_THE_CLEAR, type FieldOfRoute, type HttpView } from './reads.ts';
import type { Settings } from './settings.ts';

/** Between the mark of an event and the event. */
const BEHIND_ID = ' ';

/**
 * What stands in the path and is not there, or would lead elsewhere: with it nobody knows which record is meant
 * (`destinations/http.md` 9).
 */
export function skips(view: HttpView, { path }: Settings): SkipReason | undefined {
  for (const field of fieldsOfPath(path)) {
    if (/^\.{0,2}$/.test(idOf(view, field))) return reason('skip.lacks', { fields: field });
  }
  return undefined;
}

/** '' = it is not there. */
function idOf(view: HttpView, field: FieldOfRoute): string {
  const value = view[field];
  return typeof value === 'string' ? value : '';
}

/** An event as it stands in the body, behind the mark a receiver knows it by (`destinations/http.md` 2). */
export function plan(view: HttpView, { body, map, batch, path }: Settings, context: PlanContext): Element {
  // Of this event of this hit: the same at every attempt, and nobody else's, whatever ids people choose.
  const id = `msg_${sha256Hex(`${context.hitId}|${view.event_name}|${view.event_id}`).slice(0, 32)}`;
  const row = body === 'standard' ? standard(view) : mapped(map ?? [], view, context.signals);
  const inPath = fieldsOfPath(path).map((field) => `/${encodeURIComponent(idOf(view, field))}`);
  return { envelope: String(batch), element: `${id}${inPath.join('')}${BEHIND_ID}${written(row, body)}` };
}

function written(row: Readonly<Record<string, unknown>>, body: Settings['body']): string {
  if (body !== 'form') return JSON.stringify(row);
  return Object.entries(row)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&');
}

/** `destinations/http.md` 2: `type`, `timestamp`, `data`. */
function standard(view: HttpView): Readonly<Record<string, unknown>> {
  const { coupon, currency, search_term, shipping, tax, transaction_id, value } = view;
  const own = { ...view.params, coupon, currency, search_term, shipping, tax, transaction_id, value };
  return {
    type: view.event_name,
    timestamp: new Date(view.event_time ?? 0).toISOString(),
    data: {
      event_id: view.event_id,
      name: view.event_name,
      params: some(Object.fromEntries(Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
      items: view.items?.map(plainItem),
      page: some({ url: view.page_location, referrer: view.page_referrer, title: view.page_title }),
      ids: some({ own_id: view.own_id }),
      user: some({
        id: view.user_id,
        email_sha256: view.email,
        phone_sha256: view.phone,
        ...Object.fromEntries(NAMES_IN_THE_CLEAR.map((name) => [name, view[IN_THE_CLEAR[name]]])),
      }),
      language: view.language,
      country: view.country,
    },
  };
}

function plainItem({ custom, ...item }: Item): object {
  return { ...custom, ...item };
}

/** Undefined where nothing is in it. */
function some(values: Readonly<Record<string, unknown>>): object | undefined {
  return Object.values(values).some((value) => value !== undefined) ? values : undefined;
}

/** One request out of rows that are JSON already. */
export function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  const marks = elements.map((element) => element.slice(0, element.indexOf(BEHIND_ID)));
  const [[, ...inPath] = []] = marks.map((mark) => mark.split('/'));
  const ids = marks.map((mark) => mark.split('/', 1)[0] ?? '');
  const rows = elements.map((element) => element.slice(element.indexOf(BEHIND_ID) + 1));
  const id = at.batch === 1 ? (ids[0] ?? '') : `msg_${sha256Hex(ids.join()).slice(0, 32)}`;
  return {
    method: at.method,
    url: textOf(merged([`https://${at.host}`, ...filledPath(at.path, inPath)])),
    headers: {
      ...Object.fromEntries(Object.entries(at.headers).map(([name, value]) => [name.toLowerCase(), textOf(value)])),
      'content-type': CONTENT[at.body],
      'webhook-id': id,
      ...(at.auth !== undefined && { authorization: authorization(at.auth) }),
      ...(at.sign === undefined ? {} : signed(id, at.sign)),
    },
    body: bodyOf(rows, at),
    timeoutMs: at.timeout,
  };
}

const CONTENT: Readonly<Record<Settings['body'], string>> = {
  standard: 'application/json',
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  ndjson: 'application/x-ndjson',
};

/** `values`: what stands in the path of this event, escaped, in order. */
function filledPath(path: PathParts, values: readonly string[]): Filled {
  let next = 0;
  return path.map((part) => (typeof part !== 'string' && 'field' in part ? (values[next++] ?? '') : part));
}

function bodyOf(rows: readonly string[], { body, batch }: Settings): string {
  if (body === 'ndjson') return rows.join('\n');
  if (batch === 1) return rows[0] ?? '';
  if (body === 'json') return `[${rows.join(',')}]`;
  const { timestamp } = JSON.parse(rows.at(-1) ?? '{}') as { readonly timestamp: string };
  return `{"type":"batch","timestamp":${JSON.stringify(timestamp)},"data":[${rows.join(',')}]}`;
}

/** Literal parts that stand beside each other as one. */
function merged(parts: Filled): Filled {
  const joined: (string | SecretRef)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}

function textOf(parts: Filled): SecretText | string {
  return parts.every((part) => typeof part === 'string') ? parts.join('') : { parts };
}

/** The two headers of Standard Webhooks that are made at the attempt; with the new secret first. */
function signed(id: string, { secret, previous }: NonNullable<Settings['sign']>): PlannedRequest['headers'] {
  const now = signature(id, secret);
  return {
    'webhook-timestamp': secretText`${{ kind: 'timestamp' }}`,
    'webhook-signature':
      previous === undefined ? secretText`v1,${now}` : secretText`v1,${now} v1,${signature(id, previous)}`,
  };
}

const signature = (id: string, key: SecretRef): Signature => ({
  kind: 'signature',
  key,
  keyForm: 'whsec',
  over: [`${id}.`, { kind: 'timestamp' }, '.', { kind: 'body' }],
  form: 'base64',
});
