import type { Consent } from '../consent/types.ts';
import type { AnyView, BoundForm, Element, PlanContext, SkipReason } from '../core/destination.ts';
import { GA4_EVENTS } from '../core/event-names.ts';
import type { Event, Scalars } from '../core/fields.ts';
import { eventOf } from '../core/form.ts';
import { hexOf } from '../core/hash.ts';
import { missingConsent, outcomeOf, reason, type CodeOf, type OutcomeOf, type Reason } from '../core/reason.ts';
import { GATE_MASK, type SignalMask } from '../core/signals.ts';
import { project } from '../core/view.ts';
import type { Hit } from '../protocols/hit.ts';
import { PROTOCOLS, type SourceName } from '../protocols/index.ts';
import type { Route, Site } from './gateway.ts';
import { nameReason } from './near.ts';
import type { Permit } from './permit.ts';
import { applying, type RouteRules } from './rules.ts';
import { endedByObjection, refusedService, routeSignals } from './signals.ts';

/** Ends that are decided when an event comes. */
export type DecidedOutcome = 'blocked' | 'skipped' | 'invalid' | 'expired' | 'withdrawn' | 'failed';

/** What was decided for one (event, route). */
export interface RouteTrace {
  readonly route: Route;
  /** Signals in force for this route. */
  readonly signals: SignalMask;
  readonly permit: Permit;
  /** `planned` goes on to the outbox; the others are outcomes already. */
  readonly outcome: 'planned' | DecidedOutcome;
  /** Why; undefined when planned. */
  readonly reason: Reason | undefined;
  /**
   * What leaves, made at the first read; undefined where nothing leaves. Only this read finds a fault of the vendor's
   * code, and the fault ends the route as `failed`: read this before `outcome`.
   */
  readonly plan: Element | undefined;
  /** What the plan was made of, which is what is stored; undefined where nothing is planned. */
  readonly view: AnyView | undefined;
  readonly context: PlanContext | undefined;
}

/** What a decision rests on, beside the event and the route. */
export interface Grounds {
  readonly hit: Hit;
  readonly site: Site;
  /** The name of the protocol. */
  readonly source: SourceName;
  readonly consent: Consent;
  /** Signals in force for the site. */
  readonly signals: SignalMask;
}

/** The route a web hit belongs to; undefined for JSON events and for a `tid` no route has. */
export function primaryRoute(site: Site, stream: string | undefined): Route | undefined {
  if (stream === undefined) return undefined;
  for (const route of site.routes) if (route.stream === stream) return route;
  return undefined;
}

/** The routes an event is offered to: its own tag's, and from the primary tag (or JSON) every other vendor's. */
export function routesFor(site: Site, stream: string | undefined, own: Route | undefined): readonly Route[] {
  if (stream === undefined) return site.routes;
  if (own === undefined) return NO_ROUTES;
  return own.primary ? site.feeds : [own];
}

const NO_ROUTES: readonly Route[] = [];

const LIMITED_SOURCE = new Map(PROTOCOLS.map(({ name }) => [name, reason('blocked.limited_source', { source: name })]));
const UNKNOWN_NAME = reason('skip.unknown_name');
const TOO_OLD = reason('expired.too_old');
const DUPLICATE = reason('skip.duplicate');

/** A decision without a look at the event. */
export function ended(route: Route, signals: SignalMask, why: Reason<CodeOf<DecidedOutcome>>): RouteTrace {
  const outcome: OutcomeOf<CodeOf<DecidedOutcome>> = outcomeOf(why);
  return { route, signals, permit: permitOf(route, signals), outcome, reason: why, ...NOTHING };
}

const NOTHING = { plan: undefined, view: undefined, context: undefined };

function permitOf(route: Route, signals: SignalMask): Permit {
  return route.permits[signals & GATE_MASK] as Permit;
}

/**
 * Decides about an event for one route: permit, view, plan (design 2). An exception in vendor code ends as `failed`.
 * The event is asked for only when the permit lets something of it through.
 */
export function decide(filter: () => { readonly event: Event }, route: Route, grounds: Grounds): RouteTrace {
  const signals = routeSignals(route, grounds.site, grounds.consent, grounds.signals);
  return closed(route, signals, grounds) ?? decideOpen(filter().event, route, signals, grounds);
}

/** The same for a route with rules: once for each rule that applies, which is asked after the permit. */
export function decideByRules(
  filter: () => { readonly event: Event },
  route: Route,
  { under }: RouteRules,
  grounds: Grounds,
): readonly RouteTrace[] {
  const signals = routeSignals(route, grounds.site, grounds.consent, grounds.signals);
  const end = closed(route, signals, grounds);
  if (end !== undefined) return [end];
  const { event } = filter();
  const candidates = under[signals & GATE_MASK]?.get(event.event_name ?? '');
  // Not listed: says why.
  if (candidates === undefined) return [decideOpen(event, route, signals, grounds)];
  const found = applying(candidates, event);
  if (found.length === 0) return [ended(route, signals, candidates.none)];
  return found.map((variant) => decideOpen(event, variant, signals, grounds));
}

/** The end of an event if the permit lets no field of any event through; undefined = something may pass. */
function closed(route: Route, signals: SignalMask, { site, source, consent }: Grounds): RouteTrace | undefined {
  const permit = permitOf(route, signals);
  if (permit.verdict !== 'full') {
    const refused = refusedService(route, consent);
    // A service that is refused by name gets nothing, and no form that needs no consent either.
    if (refused !== undefined) return ended(route, signals, missingConsent(permit.missing, refused));
    if (permit.verdict === 'blocked' || endedByObjection(route, site, consent)) {
      return ended(route, signals, missingConsent(permit.missing));
    }
  }
  if (permit.sources !== undefined && !permit.sources.includes(source)) {
    return ended(route, signals, LIMITED_SOURCE.get(source) as Reason<'blocked.limited_source'>);
  }
  return undefined;
}

function decideOpen(event: Event, route: Route, signals: SignalMask, grounds: Grounds): RouteTrace {
  const { hit, site, source, consent } = grounds;
  const permit = permitOf(route, signals);
  if (route.events !== undefined && !route.events.has(event.event_name ?? '')) {
    return ended(route, signals, nameReason(route.unlisted, event.event_name ?? ''));
  }
  // A name that the sender made up could say anything; the limited form has only names that are known without a hit.
  if (permit.verdict === 'limited' && !isKnownName(event.event_name ?? '', site)) {
    return ended(route, signals, UNKNOWN_NAME);
  }
  if ((event.event_time ?? hit.at) + route.maxAge <= hit.at) {
    return ended(route, signals, TOO_OLD);
  }
  // The tag sends page views and key events again after ad consent; where the limited form is on, the first went out.
  const { takesRepeats, limited } = route.destination;
  if (event.repeat === true && route.limited && (takesRepeats || limited?.counts === true)) {
    return ended(route, signals, DUPLICATE);
  }
  try {
    // Asked before any value is hashed: an event that the vendor has no name for needs no hashes.
    const unwanted = unwantedBy(route, permit, event.event_name ?? '');
    if (unwanted !== undefined) return ended(route, signals, unwanted);
    const view = project(event, permit.open);
    const seen = route.params === undefined ? view : restrict(view, route.params);
    const context: PlanContext = {
      signals,
      refused: consent.refused,
      hitId: permit.verdict === 'full' ? hit.id : nobodysId(site, route, hit.id),
      at: hit.at,
      source,
      siteCountry: site.country,
    };
    const skip = skipOf(route, permit, seen, context);
    return skip === undefined ? new PlannedRoute(route, permit, seen, context) : ended(route, signals, skip);
  } catch {
    return ended(route, signals, faultOf(route));
  }
}

/**
 * Why an event with consent is not sent on this route; undefined = it is sent. The vendor's form is not made for this: it
 * is made when the event is sent.
 * @throws whatever the vendor's code throws
 */
function skipOf(route: Route, permit: Permit, view: AnyView, context: PlanContext): SkipReason | undefined {
  const skip = formOf(route, permit).skip(view, context);
  return skip?.code === 'skip.not_mapped' ? (unwantedBy(route, permit, eventOf(view)) ?? skip) : skip;
}

/** Why a route has no use for events of this name, whatever is in them; undefined = it has. */
function unwantedBy(route: Route, permit: Permit, name: string): SkipReason | undefined {
  if (formOf(route, permit).nameOf(name) !== undefined) return undefined;
  return nameReason(route.unmapped[permit.verdict === 'full' ? 'full' : 'limited'], name);
}

function formOf({ bound }: Route, { verdict }: Permit): BoundForm {
  const form = verdict === 'full' ? bound.full : verdict === 'limited' ? bound.limited : undefined;
  if (form === undefined) throw new TypeError('a permit for a form that the vendor does not have');
  return form;
}

/** An (event, route) that goes on to the outbox. */
class PlannedRoute implements RouteTrace {
  readonly route: Route;
  readonly signals: SignalMask;
  readonly permit: Permit;
  outcome: RouteTrace['outcome'] = 'planned';
  reason: Reason | undefined = undefined;
  readonly view: AnyView;
  readonly context: PlanContext;
  #plan: Element | undefined = undefined;

  constructor(route: Route, permit: Permit, view: AnyView, context: PlanContext) {
    this.route = route;
    this.signals = context.signals;
    this.permit = permit;
    this.view = view;
    this.context = context;
  }

  get plan(): Element | undefined {
    if (this.#plan === undefined && this.outcome === 'planned') this.#make();
    return this.#plan;
  }

  #make(): void {
    try {
      const plan = formOf(this.route, this.permit).plan(this.view, this.context);
      if ('skip' in plan) this.#end(plan.skip);
      else this.#plan = plan;
    } catch {
      this.#end(faultOf(this.route));
    }
  }

  #end(why: Reason<CodeOf<DecidedOutcome>>): void {
    this.reason = why;
    this.outcome = outcomeOf(why);
  }
}

/**
 * The hit's id in a form that identifies nobody. It differs from the real one, so that nothing that is stored or sent
 * links this form to what another route gets of the same hit.
 */
function nobodysId({ keys }: Site, { key, rule }: Route, hitId: string): string {
  const whose = rule === undefined ? key : key + rule.identity.limited;
  return hexOf(keys.pseudonym(`hit|${whose}|${hitId}`)).slice(0, hitId.length);
}

function isKnownName(name: string, site: Site): boolean {
  return GA4_EVENTS.has(name) || site.eventNames.has(name);
}

function faultOf({ destination }: Route): Reason<'failed.destination'> {
  return reason('failed.destination', { module: destination.name, step: 'plan' });
}

/** `params: [names]` of a route: other custom parameters do not pass. */
function restrict(
  view: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const { params } = view as { params?: Scalars };
  if (params === undefined) return view;
  const kept = Object.fromEntries(Object.entries(params).filter(([name]) => names.has(name)));
  return { ...view, params: kept };
}
