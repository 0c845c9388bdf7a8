import type { Item } from '../../src/core/values.ts';
import { nearest } from '../../src/core/nearest.ts';
import { BIT, type GateSignal, type SignalMask } from '../../src/core/signals.ts';
import type { FieldOfRoute, HttpView } from './reads.ts';

/*
 * A mapping is data: keys of the receiver's, each with the path of what stands there (`destinations/http.md` 5). There
 * are no expressions and no patterns in it, so nothing of an event can make it slow.
 */

/** What is done to a value, one after the other. */
export type Pipe = { readonly does: (typeof PIPES)[number] } | { readonly does: 'default'; readonly value: string };

export type Source = { readonly constant: string } | { readonly path: string; readonly pipes: readonly Pipe[] };

export type MappedTo =
  | Source
  | { readonly keys: Mapping }
  /** An object for each item. */
  | { readonly each: Mapping }
  /** A list of one object, for receivers that take events in lists. */
  | { readonly listOf: Mapping };

export type Mapping = readonly (readonly [key: string, target: MappedTo])[];

/** By its path: the field it needs, and where it stands in the view. */
export const PATHS: Readonly<Record<string, FieldOfRoute>> = {
  'event.name': 'event_name',
  'event.id': 'event_id',
  'event.time': 'event_time',
  'params.currency': 'currency',
  'params.value': 'value',
  'params.tax': 'tax',
  'params.shipping': 'shipping',
  'params.coupon': 'coupon',
  'params.transaction_id': 'transaction_id',
  'params.search_term': 'search_term',
  'page.url': 'page_location',
  'page.referrer': 'page_referrer',
  'page.title': 'page_title',
  'device.language': 'language',
  'network.country': 'country',
  'ids.own_id': 'own_id',
  'user.id': 'user_id',
  'user.email_sha256': 'email',
  'user.phone_sha256': 'phone',
  'user.email': 'plain_email',
  'user.phone': 'plain_phone',
  'user.first_name': 'plain_first_name',
  'user.last_name': 'plain_last_name',
  'user.street': 'plain_street',
  'user.city': 'plain_city',
  'user.region': 'plain_region',
  'user.postal_code': 'plain_postal_code',
  'user.country': 'plain_country',
};

const CONSENTS: Readonly<Record<string, GateSignal>> = {
  'consent.ad_storage': 'ad_storage',
  'consent.analytics_storage': 'analytics_storage',
  'consent.ad_user_data': 'ad_user_data',
  'consent.ad_personalization': 'ad_personalization',
};

/** Custom parameters stand behind this. */
const PARAMS = 'params.';
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;
const PIPES = ['string', 'number', 'lower', 'unix', 'iso', 'json', 'first'] as const;

/** The field that a path needs; `none` = what was decided; undefined = there is no such path. */
export function fieldOf(path: string): FieldOfRoute | 'none' | undefined {
  if (Object.hasOwn(PATHS, path)) return PATHS[path];
  if (Object.hasOwn(CONSENTS, path)) return 'none';
  return path.startsWith(PARAMS) && NAME.test(path.slice(PARAMS.length)) ? 'params' : undefined;
}

/** The path that was meant by a text that is none: a field by its name, a custom parameter by its, or the nearest. */
export function meantPath(text: string): string | undefined {
  const ofField = Object.keys(PATHS).find((path) => PATHS[path] === text);
  const near = ofField ?? nearest(text, [...Object.keys(PATHS), ...Object.keys(CONSENTS)]);
  return near ?? (NAME.test(text) ? `${PARAMS}${text}` : undefined);
}

/** The custom parameters that a mapping names. */
export function paramsIn(mapping: Mapping): readonly string[] {
  return mapping.flatMap(([, target]) => {
    if ('constant' in target || 'each' in target) return [];
    if ('keys' in target) return paramsIn(target.keys);
    if ('listOf' in target) return paramsIn(target.listOf);
    return fieldOf(target.path) === 'params' ? [target.path.slice(PARAMS.length)] : [];
  });
}

/** `params.value | string | default:0`, or `const:web`; undefined = it cannot be read. Paths are looked at elsewhere. */
export function readSource(text: string): Source | undefined {
  if (text.startsWith('const:')) return { constant: text.slice('const:'.length) };
  const [path = '', ...written] = text.split('|').map((part) => part.trim());
  const pipes: Pipe[] = [];
  for (const one of written) {
    if (one.startsWith('default:')) pipes.push({ does: 'default', value: one.slice('default:'.length) });
    else {
      const does = PIPES.find((name) => name === one);
      if (does === undefined) return undefined;
      pipes.push({ does });
    }
  }
  return path === '' ? undefined : { path, pipes };
}

/** The text with the nearest pipe in place of each that is none; undefined = there is none near. */
export function meantPipes(text: string): string | undefined {
  const [path = '', ...written] = text.split('|').map((part) => part.trim());
  const pipes = written.map((one) =>
    one.startsWith('default:') ? one : (PIPES.find((name) => name === one) ?? nearest(one, PIPES)),
  );
  return path === '' || pipes.includes(undefined) ? undefined : [path, ...pipes].join(' | ');
}

/** What stands where in one event. */
interface Scope {
  readonly view: HttpView;
  readonly signals: SignalMask;
  /** Inside `each`: paths are the names of what an item has. */
  readonly item?: Item;
}

/** The object that a mapping makes of an event. What is not there has no key. */
export function mapped(mapping: Mapping, view: HttpView, signals: SignalMask): Record<string, unknown> {
  return objectOf(mapping, { view, signals });
}

function objectOf(mapping: Mapping, scope: Scope): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, target] of mapping) {
    const value = valueOf(target, scope);
    if (value !== undefined) made[key] = value;
  }
  return made;
}

function valueOf(target: MappedTo, scope: Scope): unknown {
  if ('constant' in target) return target.constant;
  if ('keys' in target) {
    const inner = objectOf(target.keys, scope);
    return Object.keys(inner).length === 0 ? undefined : inner;
  }
  if ('listOf' in target) return [objectOf(target.listOf, scope)];
  if ('each' in target) return scope.view.items?.map((item) => objectOf(target.each, { ...scope, item }));
  let value = scope.item === undefined ? pathValue(target.path, scope) : itemValue(target.path, scope.item);
  for (const pipe of target.pipes) value = piped(value, pipe);
  return value;
}

function pathValue(path: string, { view, signals }: Scope): unknown {
  const field = Object.hasOwn(PATHS, path) ? PATHS[path] : undefined;
  if (field !== undefined) return view[field];
  const signal = Object.hasOwn(CONSENTS, path) ? CONSENTS[path] : undefined;
  if (signal !== undefined) return (signals & BIT[signal]) !== 0;
  const name = path.slice(PARAMS.length);
  return view.params !== undefined && Object.hasOwn(view.params, name) ? view.params[name] : undefined;
}

function itemValue(path: string, item: Item): unknown {
  const { custom, ...known } = item;
  const all: Readonly<Record<string, unknown>> = { ...custom, ...known };
  return Object.hasOwn(all, path) ? all[path] : undefined;
}

function piped(value: unknown, pipe: Pipe): unknown {
  if (pipe.does === 'default') return value ?? pipe.value;
  return value === undefined ? undefined : DOES[pipe.does](value);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const DOES: Readonly<Record<(typeof PIPES)[number], (value: unknown) => unknown>> = {
  string: textOf,
  number: (value) => (Number.isFinite(Number(value)) ? Number(value) : undefined),
  lower: (value) => textOf(value).toLowerCase(),
  unix: (value) => (typeof value === 'number' ? Math.floor(value / 1000) : undefined),
  iso: (value) => (typeof value === 'number' ? new Date(value).toISOString() : undefined),
  json: (value) => JSON.stringify(value),
  first: (value) => (Array.isArray(value) ? (value[0] as unknown) : value),
};
