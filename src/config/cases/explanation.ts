import { SECRET } from '../../core/egress.ts';
import type { PlannedRequest } from '../../core/destination.ts';
import type { FieldName, Scalars } from '../../core/fields.ts';
import { FIELD_NAMES } from '../../policy/fields.ts';
import { LEFT_OUT, type LeftOutKind } from '../../core/left-out.ts';
import { wordsOf, type Reason } from '../../core/reason.ts';
import { showSecretRef, type SecretPart, type Text } from '../../core/secret.ts';
import { maskOf, signalsOf, type Signal } from '../../core/signals.ts';
import { knownPlatforms } from '../../consent/index.ts';
import { nameOf, siteNameOf } from '../../consent/platform.ts';
import type { Consent, Reading, SiteConsent } from '../../consent/types.ts';
import { ANOTHER_BANNER } from '../../consent/reading.ts';
import type { EventTrace, Trace } from '../../decide/trace.ts';
import type { RouteTrace } from '../../policy/decide.ts';
import { interestOf } from '../../policy/signals.ts';
import type { Route } from '../../policy/gateway.ts';

/** What was decided for one hit, in plain values: what `explain` prints and config tests compare with. */
export interface Explanation {
  readonly site: string;
  readonly source: string;
  readonly events: readonly ExplainedEvent[];
  readonly setCookies: readonly string[];
  /**
   * Ids whose stored events are purged because the visitor's cookie is left from an earlier consent. It is no
   * withdrawal if the visitor never consented, or refuses this and still allows the rest.
   */
  readonly withdrawn: number;
  readonly unknownKeys: number;
  /** Values that could not be used, in words, and how often. */
  readonly leftOut: readonly { readonly what: string; readonly times: number }[];
  readonly unknownStream: boolean;
}

export interface ExplainedEvent {
  readonly name: string;
  /** What is wrong with the event, with the place; undefined = nothing. */
  readonly invalid: string | undefined;
  readonly consent: ExplainedConsent;
  /** Signals in force for the site. */
  readonly signals: readonly Signal[];
  /** The signals among them that rest on legitimate interest; the others rest on consent. */
  readonly interest: readonly Signal[];
  readonly routes: readonly ExplainedRoute[];
}

export interface ExplainedConsent {
  readonly granted: readonly Signal[];
  readonly refused: readonly Signal[];
  readonly withheld: readonly Signal[];
  /** When the choice was made, ISO 8601. */
  readonly at: string | undefined;
  readonly platform: string | undefined;
  readonly conflict: boolean;
  /** What each source said. It holds no value of a cookie. */
  readonly evidence: readonly {
    readonly source: string;
    /** The cookies this platform is read from, comma-separated; undefined if the source is no platform. */
    readonly cookies: string | undefined;
    readonly status: string;
    readonly granted: readonly Signal[];
    readonly refused: readonly Signal[];
    readonly withheld: readonly Signal[];
    readonly note: string;
    /** What to do, where the cause is not a decision of the visitor. */
    readonly advice: string | undefined;
    /** Services in it that belong to no route: `consent.services` says whose they are. */
    readonly unknownServices: readonly string[];
  }[];
}

export interface ExplainedReason extends Reason {
  readonly words: string;
}

export interface ExplainedRoute {
  readonly route: string;
  readonly type: string;
  readonly verdict: 'full' | 'limited' | 'blocked';
  readonly outcome: RouteTrace['outcome'];
  /**
   * The rule of `events` that applied: its place in the list, from 1, and its words. Undefined = the route has no
   * rules, or none applied.
   */
  readonly rule: { readonly place: number; readonly words: string } | undefined;
  /** The code, its parameters and its words; undefined when a request is planned. */
  readonly reason: ExplainedReason | undefined;
  /** Signals the full form lacks. */
  readonly missing: readonly Signal[];
  /** Fields that pass unchanged. */
  readonly passed: readonly FieldName[];
  readonly reduced: readonly FieldNote[];
  readonly dropped: readonly FieldNote[];
  readonly request: ShownRequest | undefined;
}

export interface FieldNote {
  readonly field: FieldName;
  readonly why: string;
}

/** A request that names its secrets. */
export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Puts a trace into plain values. */
export function explain(trace: Trace): Explanation {
  return {
    site: trace.site.name,
    source: trace.source,
    events: trace.events.map((event) => ({
      name: event.event?.event_name ?? event.name,
      invalid: event.invalid,
      consent: explainConsent(event.consent, trace.site.consent),
      signals: signalsOf(event.signals),
      interest: signalsOf(interestOf(trace.site, event.consent, event.signals)),
      routes: event.routes.map((route) => explainRoute(event, route)),
    })),
    setCookies: trace.setCookies,
    withdrawn: trace.withdrawn.filter(({ fromCookie }) => fromCookie).length,
    unknownKeys: trace.unknownKeys,
    leftOut: Object.entries(trace.leftOut ?? {}).map(([kind, times]) => ({
      what: LEFT_OUT[kind as LeftOutKind],
      times,
    })),
    unknownStream: trace.unknownStream,
  };
}

function explainConsent(consent: Consent, site: SiteConsent): ExplainedConsent {
  return {
    granted: signalsOf(consent.granted),
    refused: signalsOf(consent.refused),
    withheld: signalsOf(consent.withheld),
    at: consent.at === undefined ? undefined : new Date(consent.at).toISOString(),
    platform: consent.platform,
    conflict: consent.conflict,
    evidence: consent.readings.map((reading) => ({
      source: reading.source,
      cookies: cookiesOf(reading.source, site),
      status: reading.status,
      granted: signalsOf(reading.granted),
      refused: signalsOf(reading.refused),
      withheld: signalsOf(reading.withheld),
      note: reading.note,
      advice: adviceOf(reading, site),
      unknownServices: reading.unknownServices ?? [],
    })),
  };
}

/** The cookies of a platform. The first has the name that the site has given it. */
function cookiesOf(source: string, { mapping, custom }: SiteConsent): string | undefined {
  const own = custom.find(({ name }) => name === source);
  if (own !== undefined) return own.cookies.map(nameOf).join(', ');
  const cookies = knownPlatforms.find(({ name }) => name === source)?.cookies;
  const renamed = mapping.get(source)?.cookie;
  if (cookies === undefined || renamed === undefined) return cookies;
  const [first = '', ...rest] = cookies.split(', ');
  return [renamed, ...rest.map((cookie, i) => siteNameOf(renamed, first, cookie, i + 1) ?? cookie)].join(', ');
}

function adviceOf(
  { source, status, unreadable, empty, onlyTakes, vendorList, note }: Reading,
  { mapping, custom }: SiteConsent,
): string | undefined {
  if (unreadable === true && empty !== true && custom.some(({ name }) => name === source)) {
    return `the cookie is not as \`consent.custom.${source}\` describes it, so it grants nothing and holds back what others grant: compare it with docs/custom-banners.md`;
  }
  const platform = knownPlatforms.find(({ name }) => name === source);
  if (platform === undefined) return undefined;
  if (unreadable === true && onlyTakes !== true && (empty !== true || note === ANOTHER_BANNER)) {
    return `what cannot be read grants nothing and holds back what others grant: take \`${source}\` out of \`consent.cmp\` if this cookie is another tool's, and see docs/consent-platforms.md for what is read`;
  }
  if (
    platform.needsMapping &&
    status === 'denied' &&
    vendorList !== true &&
    mapping.get(source)?.purposes === undefined
  ) {
    return `its purposes are the site's own: without \`consent.mapping.${source}.purposes\` it grants nothing`;
  }
  return undefined;
}

function explainRoute(event: EventTrace, trace: RouteTrace): ExplainedRoute {
  // The plan first, because making it may end the route.
  const { plan, route, permit } = trace;
  return {
    route: route.name,
    type: route.destination.name,
    verdict: permit.verdict,
    outcome: trace.outcome,
    rule: route.rule && { place: route.rule.place, words: route.rule.words },
    reason: trace.reason === undefined ? undefined : { ...trace.reason, words: wordsOf(trace.reason) },
    missing: signalsOf(permit.missing),
    ...explainFields(event, trace),
    request: plan === undefined ? undefined : showRequest(route.bound.request(plan.envelope, [plan.element])),
  };
}

/** For every field of the hit: whether this route gets it, and why not. */
function explainFields(event: EventTrace, trace: RouteTrace): Pick<ExplainedRoute, 'passed' | 'reduced' | 'dropped'> {
  const passed: FieldName[] = [];
  const reduced: FieldNote[] = [];
  const dropped: FieldNote[] = [];
  const open = new Map(trace.permit.open.map((passage) => [passage.field, passage]));
  const inTheClear = new Map(trace.permit.open.map(({ field, from, sealed }) => [sealed ? from : undefined, field]));
  for (const field of FIELD_NAMES) {
    const raw = event.raw[field];
    const value = field === 'params' ? paramsFor(trace.route, event) : event.event?.[field];
    if (raw === undefined && value === undefined) continue;
    const passage = open.get(field);
    const plain = inTheClear.get(field);
    if (plain !== undefined && value !== undefined) {
      reduced.push({ field: plain, why: 'in the clear; it waits sealed' });
      if (passage === undefined) continue;
    }
    if (passage === undefined || event.event === undefined) {
      dropped.push({ field, why: whyClosed(field, event, trace) });
    } else if (value === undefined) {
      const unlisted = field === 'params' && event.event.params !== undefined;
      const why = unlisted ? 'the route does not list them' : "by the site's privacy settings, or not usable";
      dropped.push({ field, why });
    } else if (passage.as !== undefined) {
      reduced.push({ field, why: 'normalised and hashed, or otherwise prepared for the vendor' });
    } else if (raw !== undefined && JSON.stringify(raw) !== JSON.stringify(value)) {
      reduced.push({ field, why: "by the site's privacy settings" });
    } else {
      passed.push(field);
    }
  }
  return { passed, reduced, dropped };
}

/** The custom parameters that this route gets: those in its list. */
function paramsFor({ params: listed }: Route, { event }: EventTrace): Scalars | undefined {
  if (event?.params === undefined || listed === undefined) return event?.params;
  const kept = Object.entries(event.params).filter(([name]) => listed.has(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function whyClosed(field: FieldName, event: EventTrace, { route, permit, signals, reason }: RouteTrace): string {
  if (event.event === undefined) return reason === undefined ? 'the event goes nowhere' : wordsOf(reason);
  const read = route.destination.reads[field];
  if (read === undefined) return `${route.destination.title} does not take it`;
  if (route.bound.fields?.has(field) === false)
    return route.bound.listsFields ? 'the route does not list it in `fields`' : 'no setting of the route uses it';
  const lacking = maskOf([...route.bound.needs, ...(read.needs ?? [])]) & ~signals;
  if (lacking !== 0) return `needs ${signalsOf(lacking).join(', ')}`;
  return permit.verdict === 'limited' ? 'not in the form without consent' : 'not permitted';
}

const IN_ITS_PLACE = JSON.stringify(SECRET);

/** A planned request as text, with the names of secrets. */
export function showRequest({ method, url, headers, body, bodySecret }: PlannedRequest): ShownRequest {
  return {
    method,
    url: showText(url),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, showText(value)])),
    body:
      bodySecret === undefined ? body : body?.replace(IN_ITS_PLACE, () => JSON.stringify(showSecretRef(bodySecret))),
  };
}

function showText(text: Text): string {
  if (typeof text === 'string') return text;
  return text.parts.map((part) => (typeof part === 'string' ? part : showPart(part))).join('');
}

function showPart(part: SecretPart): string {
  if (!('kind' in part)) return showSecretRef(part);
  if (part.kind === 'timestamp') return '<unix time of the attempt>';
  return part.kind === 'signature'
    ? `<signature with ${showSecretRef(part.key)}>`
    : `<access token from ${showSecretRef(part.credentials)}>`;
}
