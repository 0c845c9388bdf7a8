import type { Element, PlanContext, PlannedRequest } from '../../src/core/destination.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import type { Item } from '../../src/core/values.ts';
import { secretText, type SecretRef, type SecretText, type Signature } from '../../src/core/secret.ts';
import type { Filled } from './address.ts';
import { authorization } from './auth.ts';
import { mapped } from './mapping.ts';
import type { HttpView } from './reads.ts';
import type { Settings } from './settings.ts';

/** Between the mark of an event and the event. */
const BEHIND_ID = ' ';

/** An event as it stands in the body, behind the mark a receiver knows it by (`destinations/http.md` 2). */
export function plan(view: HttpView, { body, map, batch }: Settings, context: PlanContext): Element {
  // Of this event of this hit: the same at every attempt, and nobody else's, whatever ids people choose.
  const id = `msg_${sha256Hex(`${context.hitId}|${view.event_name}|${view.event_id}`).slice(0, 32)}`;
  const row = body === 'standard' ? standard(view) : mapped(map ?? [], view, context.signals);
  return { envelope: String(batch), element: `${id}${BEHIND_ID}${JSON.stringify(row)}` };
}

/** `destinations/http.md` 2: `type`, `timestamp`, `data`. */
function standard(view: HttpView): object {
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
      user: some({ id: view.user_id, email_sha256: view.email, phone_sha256: view.phone }),
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
  const ids = elements.map((element) => element.slice(0, element.indexOf(BEHIND_ID)));
  const rows = elements.map((element) => element.slice(element.indexOf(BEHIND_ID) + 1));
  const id = at.batch === 1 ? (ids[0] ?? '') : `msg_${sha256Hex(ids.join()).slice(0, 32)}`;
  return {
    method: 'POST',
    url: textOf(merged([`https://${at.host}`, ...at.path])),
    headers: {
      ...Object.fromEntries(Object.entries(at.headers).map(([name, value]) => [name.toLowerCase(), textOf(value)])),
      'content-type': at.body === 'ndjson' ? 'application/x-ndjson' : 'application/json',
      'webhook-id': id,
      ...(at.auth !== undefined && { authorization: authorization(at.auth) }),
      ...(at.sign === undefined ? {} : signed(id, at.sign)),
    },
    body: bodyOf(rows, at),
  };
}

function bodyOf(rows: readonly string[], { body, batch }: Settings): string {
  if (body === 'ndjson') return rows.join('\n');
  if (batch === 1) return rows[0] ?? '';
  if (body === 'json') return `[${rows.join(',')}]`;
  const { timestamp } = JSON.parse(rows.at(-1) ?? '{}') as { readonly timestamp: string };
  return `{"type":"batch","timestamp":${JSON.stringify(timestamp)},"data":[${rows.join(',')}]}`;
}

/** Literal parts that stand beside each other as one. */
function merged([first = '', ...rest]: Filled): Filled {
  const [second, ...others] = rest;
  return typeof first === 'string' && typeof second === 'string' ? [first + second, ...others] : [first, ...rest];
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
