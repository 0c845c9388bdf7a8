import type { AnyView, Element, PlanContext } from '../core/destination.ts';
import type { Event, Scalars } from '../core/fields.ts';
import { vendorOf } from '../core/recipient.ts';
import { GATE_MASK, type SignalMask } from '../core/signals.ts';
import type { RouteTrace } from '../policy/decide.ts';
import { fieldCode, codedField, fieldsIn, type FieldCode } from '../policy/field-set.ts';
import type { Route } from '../policy/gateway.ts';
import type { Permit } from '../policy/permit.ts';
import type { RecordRoute } from './outbox.ts';

/*
 * The body of a record: its event as text. For the full form it has each field that at least one of its routes may have,
 * once. Where a vendor gets a hash in place of a value, the hash is made when the event is accepted, one for each kind of
 * vendor, and the raw value is not stored for that vendor. What a receiver gets in the clear is stored sealed, under a
 * field name of its own.
 */

/** The field has a value, but no hash can be made of it, and the vendor may not have the raw value. */
const UNUSABLE = null;

/** Values that a kind of vendor (`Destination.name`) gets in place of the raw ones. */
type Prepared = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** An event as a record has it. `at` and `signals` stand in the record itself. */
export interface EventBody {
  readonly refused: SignalMask;
  readonly hitId: string;
  readonly source: string;
  readonly country: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly prepared: Prepared;
}

/** Facts of the hit, prepared values (0 = none), then a code and a value for each field: codes are shorter than names. */
type Written = readonly [
  refused: SignalMask,
  hitId: string,
  source: string,
  country: string,
  prepared: Prepared | 0,
  ...fields: unknown[],
];
/** Where the codes and values begin. */
const FIELDS_AT = 5;

/** A decision to send, with the event as the route may see it. */
export type Planned = RouteTrace & { readonly view: AnyView; readonly context: PlanContext };

/** The body of a record for these decisions about one event. */
export function writeBody(event: Event, decisions: readonly [Planned, ...Planned[]]): string {
  const prepared: Record<string, Record<string, unknown>> = {};
  const { refused, hitId, source, siteCountry } = decisions[0].context;
  let fields: Record<string, unknown> = {};
  for (const decision of decisions) {
    const { route, permit } = decision;
    const view = sealedView(decision, hitId);
    const own = preparedOf(event, permit, view);
    if (own !== undefined) prepared[route.destination.name] = { ...prepared[route.destination.name], ...own };
    if (own === undefined && decisions.length === 1) fields = view;
    else addFields(fields, view, own);
  }
  return textOf({ refused, hitId, source, country: siteCountry, fields, prepared });
}

/** What a sealed text belongs to: the event of this hit, and the field. */
function placeOf(hitId: string, field: string): string {
  return `${hitId}|${field}`;
}

/** The view as it is stored. @throws Error where something is to be sealed and the runtime cannot */
function sealedView({ route, permit, view }: Planned, hitId: string): AnyView {
  if (permit.sealed.length === 0) return view;
  const sealed = permit.sealed.filter((field) => view[field] !== undefined);
  if (sealed.length === 0) return view;
  const { sealer } = route;
  if (sealer === undefined) throw new Error('nothing here can seal');
  return {
    ...view,
    ...Object.fromEntries(sealed.map((field) => [field, sealer.seal(String(view[field]), placeOf(hitId, field))])),
  };
}

/**
 * The view with what is sealed in it opened, for the request alone.
 * @throws Error where it cannot be opened: its key is gone, or it was changed
 */
export function openedView(view: AnyView, { permits, sealer }: Route, accepted: Accepted, hitId: string): AnyView {
  const opened: Record<string, unknown> = { ...view };
  for (const field of permits[accepted.signals & GATE_MASK]?.sealed ?? []) {
    if (!(field in opened)) continue;
    if (sealer === undefined) throw new Error('nothing here can open it');
    opened[field] = sealer.open(String(opened[field]), placeOf(hitId, field));
  }
  return opened;
}

function textOf({ refused, hitId, source, country, fields, prepared }: EventBody): string {
  const written: unknown[] = [refused, hitId, source, country, isEmpty(prepared) ? 0 : prepared];
  for (const field in fields) written.push(fieldCode(field), fields[field]);
  return JSON.stringify(written);
}

function isEmpty(record: object): boolean {
  for (const _ in record) return false;
  return true;
}

/** What this vendor gets in place of the event's raw values; undefined = it has none of these. */
function preparedOf(event: Event, { prepared }: Permit, view: AnyView): Record<string, unknown> | undefined {
  let own: Record<string, unknown> | undefined;
  for (const field of prepared) if (event[field] !== undefined) (own ??= {})[field] = view[field] ?? UNUSABLE;
  return own;
}

/** Routes may have different custom parameters: the record has those of all of them. */
function addFields(fields: Record<string, unknown>, view: AnyView, own: object | undefined): void {
  for (const field in view) {
    if (own !== undefined && field in own) continue;
    const before = field === 'params' ? fields[field] : undefined;
    fields[field] = before === undefined ? view[field] : { ...(before as object), ...(view[field] as object) };
  }
}

/**
 * The body of an event in its vendor's form: used for a form that identifies nobody, where only what leaves may be stored,
 * and for what an earlier version has stored.
 */
export function writeShaped({ envelope, element }: Element): string {
  return JSON.stringify({ envelope, element });
}

/** @throws where this version does not write such a text */
export function readBody(text: string): EventBody | Element {
  const read = JSON.parse(text) as Written | Element;
  if (!('length' in read)) return read;
  const [refused, hitId, source, country, prepared] = read;
  const fields: Record<string, unknown> = {};
  for (let i = FIELDS_AT; i < read.length; i += 2) {
    const field = codedField(read[i] as FieldCode);
    if (field !== undefined) fields[field] = read[i + 1];
  }
  return { refused, hitId, source, country, fields, prepared: prepared === 0 ? NONE : prepared };
}

/** The part of a body that these routes may have, without what only other routes may have. */
export function narrowBody(text: string, routes: readonly Pick<RecordRoute, 'type' | 'fields' | 'params'>[]): string {
  const body = readBody(text);
  if ('element' in body) return text;
  const fields: Record<string, unknown> = {};
  const prepared: Record<string, Record<string, unknown>> = {};
  let names: string[] | undefined = [];
  for (const { type, fields: open, params } of routes) {
    const vendor = vendorOf(type);
    const given = body.prepared[vendor] ?? {};
    for (const field of fieldsIn(open)) {
      if (field in given) (prepared[vendor] ??= {})[field] = given[field];
      else if (field in body.fields) {
        fields[field] = body.fields[field];
        if (field === 'params') names = params === undefined ? undefined : names && [...names, ...params];
      }
    }
  }
  if ('params' in fields && names !== undefined) fields['params'] = only(fields['params'] as Scalars, new Set(names));
  return textOf({ ...body, fields, prepared });
}

/** What was decided about an event for a route when it was accepted. */
export type Accepted = Pick<RecordRoute, 'type' | 'signals' | 'fields' | 'limited' | 'params' | 'rule'>;

/**
 * The event as this route may see it: the fields that passed when it was accepted, and that still pass.
 * @param alone the record is for this route only, which may have all of its body
 */
export function viewOf({ fields, prepared }: EventBody, route: Route, accepted: Accepted, alone: boolean): AnyView {
  const permit = route.permits[accepted.signals & GATE_MASK];
  if (permit === undefined) return NOTHING;
  const same = permit.bits === accepted.fields;
  const own = prepared[route.destination.name];
  // The usual case: one route, and the same fields pass in the same form as when it was accepted.
  const whole = alone && same && own === undefined && route.params === undefined && accepted.params === undefined;
  if (whole && !permit.prepared.some((field) => field in fields)) return fields;
  const passed = same ? undefined : fieldsIn(accepted.fields);
  const view: Record<string, unknown> = {};
  for (const { field, as, sealed } of permit.open) {
    if (passed !== undefined && !passed.has(field)) continue;
    const value = as === undefined || sealed ? fields[field] : own?.[field];
    // A value that was stored as its hash is not read as if it were raw, nor the other way round.
    if (value === undefined || value === UNUSABLE) continue;
    view[field] = field === 'params' ? paramsFor(value as Scalars, route, accepted) : value;
  }
  return view;
}

const NOTHING: AnyView = {};
const NONE: Prepared = {};

function paramsFor(params: Scalars, route: Route, accepted: Accepted): Scalars {
  const then = accepted.params === undefined ? params : only(params, new Set(accepted.params));
  return route.params === undefined ? then : only(then, route.params);
}

function only(params: Scalars, names: ReadonlySet<string>): Scalars {
  return Object.fromEntries(Object.entries(params).filter(([name]) => names.has(name)));
}
