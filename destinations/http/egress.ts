import { SECRET, type EgressForm, type Leaf, type Leaves, type Shape } from '../../src/core/egress.ts';
import { exactly, matching, sha256, short } from '../../src/core/egress-claims.ts';
import { emailAddress } from '../../src/core/user-data.ts';
import type { GateSignal } from '../../src/core/signals.ts';
import type { Filled, PathParts } from './address.ts';
import type { Mapping, MappedTo } from './mapping.ts';
import type { Settings } from './settings.ts';

const text: Leaf = { may: short(4096) };
const number: Leaf = { may: matching(/^-?[\d.]{1,24}(?:e[+-]?\d{1,3})?$/) };
const ANALYTICS: readonly GateSignal[] = ['analytics_storage'];
const USER_DATA: readonly GateSignal[] = ['ad_storage', 'ad_user_data'];
const hash: Leaf = { needs: USER_DATA, may: sha256 };
const INSTANT: Leaf = { may: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), required: true };
const country: Leaf = { may: matching(/^[A-Z]{2}$/) };

const mailAddress: Leaf = { needs: USER_DATA, may: (text) => emailAddress(text) !== undefined };
const phoneNumber: Leaf = { needs: USER_DATA, may: matching(/^\+\d{5,15}$/) };
const line: Leaf = { needs: USER_DATA, may: short(200) };

/** User data in the clear, by its name in the settings and in the standard body. */
const PLAIN = {
  email: mailAddress,
  phone: phoneNumber,
  first_name: line,
  last_name: line,
  street: line,
  city: line,
  region: line,
  postal_code: line,
  country: line,
} as const satisfies Readonly<Record<string, Leaf>>;

/** What may stand at each path (`destinations/http.md` 1 and 5); ids and user data take their own signals. */
const AT_PATH: Readonly<Record<string, Leaf>> = {
  'page.url': { address: {} },
  'page.referrer': { address: {} },
  'network.country': country,
  'ids.own_id': { needs: ANALYTICS, may: short(640) },
  'user.id': { needs: USER_DATA, may: short(256) },
  'user.email_sha256': hash,
  'user.phone_sha256': hash,
  ...Object.fromEntries(Object.entries(PLAIN).map(([name, leaf]) => [`user.${name}`, leaf])),
};

/** What the receiver of this route may get, and where. */
export function egress(at: Settings): readonly EgressForm[] {
  const [path = '', query] = pathTarget(at.path).split('?', 2);
  const once = { may: matching(/^msg_[0-9a-f]{32}$/), required: true } as const;
  const signature = at.sign?.previous === undefined ? `v1,${SECRET}` : `v1,${SECRET} v1,${SECRET}`;
  return [
    {
      kind: 'full',
      needs: at.needs,
      methods: [at.method],
      hosts: [at.host],
      path: exactPath(path),
      query: query === undefined ? {} : queryOf(query),
      headers: {
        ...Object.fromEntries(
          Object.entries(at.headers).map(([name, value]) => [name.toLowerCase(), fixed(target(value))] as const),
        ),
        'content-type': {
          may: exactly(MEDIA[at.body]),
          required: true,
        },
        'webhook-id': once,
        ...(at.auth !== undefined && { authorization: fixed(`Bearer ${SECRET}`) }),
        ...(at.sign !== undefined && {
          'webhook-timestamp': { secret: true, may: exactly(SECRET), required: true } as const,
          'webhook-signature': { secret: true, may: exactly(signature), required: true } as const,
        }),
      },
      body: bodyOf(at),
    },
  ];
}

const MEDIA = {
  standard: 'application/json',
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  ndjson: 'application/x-ndjson',
} as const;

function bodyOf({ body, map = [], batch, fields, user_data }: Settings): NonNullable<EgressForm['body']> {
  if (body === 'ndjson') return { lines: shapeOf(map) };
  if (body === 'form') return { form: formLeaves(map) };
  const row = body === 'standard' ? standard(new Set(fields), user_data) : shapeOf(map);
  if (batch === 1) return { json: row };
  const list: Shape = { each: row, perRow: true };
  return {
    json:
      body === 'json'
        ? list
        : { keys: { type: { may: exactly('batch') }, timestamp: INSTANT, data: { ...list, required: true } } },
  };
}

/** `destinations/http.md` 2. Whole groups are there only where the route lists something of them. */
function standard(fields: ReadonlySet<string>, plain: Settings['user_data']): Shape {
  const any = (...names: readonly string[]) => names.some((name) => fields.has(name));
  const of = (name: string, key: string, leaf: Leaf): Readonly<Record<string, Shape>> =>
    fields.has(name) ? { [key]: leaf } : {};
  const params = {
    ...of('currency', 'currency', { may: matching(/^[A-Z]{3}$/) }),
    ...of('value', 'value', number),
    ...of('tax', 'tax', number),
    ...of('shipping', 'shipping', number),
    ...of('coupon', 'coupon', text),
    ...of('transaction_id', 'transaction_id', text),
    ...of('search_term', 'search_term', text),
  };
  const data: Record<string, Shape> = {
    event_id: { ...text, required: true },
    name: { ...text, required: true },
    params: fields.has('params') ? { keys: params, own: text } : { keys: params },
    ...of('language', 'language', text),
    ...of('country', 'country', country),
  };
  if (fields.has('items')) data['items'] = { each: { keys: {}, own: text } };
  if (any('page_location', 'page_referrer', 'page_title'))
    data['page'] = {
      keys: {
        ...of('page_location', 'url', { address: {} }),
        ...of('page_referrer', 'referrer', { address: {} }),
        ...of('page_title', 'title', text),
      },
    };
  if (any('own_id')) data['ids'] = { needs: ANALYTICS, keys: { own_id: text } };
  const inTheClear = Object.entries(PLAIN).filter(([name]) => name in plain);
  if (any('user_id', 'email', 'phone') || inTheClear.length > 0)
    data['user'] = {
      needs: USER_DATA,
      keys: {
        ...of('user_id', 'id', text),
        ...of('email', 'email_sha256', hash),
        ...of('phone', 'phone_sha256', hash),
        ...Object.fromEntries(inTheClear),
      },
    };
  return { keys: { type: { ...text, required: true }, timestamp: INSTANT, data: { keys: data, required: true } } };
}

function shapeOf(map: Mapping): Shape {
  return { keys: Object.fromEntries(map.map(([key, one]) => [key, targetShape(one)])) };
}

/** One value a key, under the key as it stands on the wire. */
function formLeaves(map: Mapping): Leaves {
  return Object.fromEntries(
    map.map(([key, one]) => {
      const shape = targetShape(one);
      if ('keys' in shape || 'each' in shape) throw new TypeError('a field of a form holds one value');
      return [encodeURIComponent(key), shape] as const;
    }),
  );
}

function targetShape(one: MappedTo): Shape {
  if ('constant' in one) return { may: exactly(one.constant) };
  if ('keys' in one) return shapeOf(one.keys);
  if ('listOf' in one) return { each: shapeOf(one.listOf) };
  if ('each' in one) return { each: { keys: Object.fromEntries(one.each.map(([key]) => [key, text])) } };
  const leaf = AT_PATH[one.path] ?? text;
  const fallback = one.pipes.find((pipe) => pipe.does === 'default');
  const { may } = leaf;
  return fallback === undefined || may === undefined
    ? leaf
    : { ...leaf, may: (value, facts) => value === fallback.value || may(value, facts) };
}

function target(parts: Filled): string {
  return parts.map((part) => (typeof part === 'string' ? part : SECRET)).join('');
}

/** Stands for a value of an event, in a text that a configuration cannot hold. */
const VALUE = '\u0001';
/** One part of a path, escaped; neither of those that lead elsewhere. */
const ONE_PART = String.raw`(?!\.{1,2}(?:/|$))(?:[\w.!~*'()\-]|%[0-9A-F]{2})+`;

function pathTarget(path: PathParts): string {
  return path.map((part) => (typeof part === 'string' ? part : 'field' in part ? VALUE : SECRET)).join('');
}

function exactPath(path: string): RegExp {
  const literal = (text: string) => text.replaceAll(/[^\w/]/g, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
  return new RegExp(`^${path.split(VALUE).map(literal).join(ONE_PART)}$`, 'u');
}

function queryOf(query: string): Leaves {
  return Object.fromEntries(
    query.split('&').map((pair) => {
      const [key = '', value = ''] = pair.split('=', 2);
      return [decodeURIComponent(key), fixed(decodeURIComponent(value))] as const;
    }),
  );
}

function fixed(value: string): Leaf {
  return { may: exactly(value), required: true, ...(value.includes(SECRET) && { secret: true as const }) };
}
