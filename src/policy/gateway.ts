import type { BoundDestination, Destination } from '../core/destination.ts';
import type { Sealer } from '../core/sealer.ts';
import type { SignalMask } from '../core/signals.ts';
import type { Country } from '../core/values.ts';
import type { KeyedHash } from '../core/hash.ts';
import type { ConsentReaders } from '../consent/readers.ts';
import type { SiteConsent } from '../consent/types.ts';
import type { SitePrivacy } from '../privacy/types.ts';
import type { SiteCookies } from '../cookies/types.ts';
import type { Cidrs } from '../privacy/ip.ts';
import type { Ways } from '../protocols/doors.ts';
import type { AnswerHeaders } from '../protocols/headers.ts';
import type { NameReasons } from './near.ts';
import type { Permit } from './permit.ts';
import type { RouteRules, RuleOf } from './rules.ts';

/** The compiled configuration: whatever does not depend on a hit is decided when it loads. Frozen. */
export interface Gateway {
  /** Hash of everything in the configuration that decides what may leave. */
  readonly policy: string;
  /** What all paths begin with, e.g. `/sgtm`; '' = nothing. */
  readonly prefix: string;
  /** Where events come in, by path. */
  readonly doors: Ways;
  readonly sites: readonly Site[];
  /** By `Host`, lower-case, without the port. */
  readonly siteOf: ReadonlyMap<string, Site>;
  /** By `Route.key`. */
  readonly routeOf: ReadonlyMap<string, Route>;
  readonly trustedProxies: Cidrs;
  /** Lower-case header name, used from trusted proxies only. */
  readonly countryHeader: string | undefined;
  /** Where trusted proxies write the client's address; never both (R38). */
  readonly addressHeader: 'x-forwarded-for' | 'forwarded';
  readonly delivery: DeliveryPolicy;
  /** Requests per minute and client; undefined = off. */
  readonly perClient: number | undefined;
}

export interface DeliveryPolicy {
  /** Milliseconds after which an event ends as expired. */
  readonly maxAge: number;
  /** Bytes the outbox may take; full = 503. */
  readonly maxSize: number;
  /** Milliseconds that refused events wait for a person. */
  readonly deadLetters: number;
  /** Milliseconds that the decision log is kept; 0 = there is none. */
  readonly decisions: number;
}

export interface Site {
  /** The first of its hosts; names the site in metrics and logs. */
  readonly name: string;
  readonly hosts: readonly string[];
  readonly origins: ReadonlySet<string>;
  /** By each of them: the headers of an answer to a page there. */
  readonly headers: ReadonlyMap<string, AnswerHeaders>;
  /** Every key of its back ends, of either kind, as `keyId` has it. */
  readonly ingestKeys: ReadonlySet<string>;
  readonly country: Country;
  readonly consent: SiteConsent;
  /** What reads the consent of a hit; made of `consent`. */
  readonly consentReaders: ConsentReaders;
  /** Signals that rest on legitimate interest: allowed until the visitor objects. */
  readonly legitimateInterest: SignalMask;
  /** Signals whose refusal ends what needs no consent, too. */
  readonly endsOnObjection: SignalMask;
  readonly privacy: SitePrivacy;
  readonly cookies: SiteCookies;
  /** Keys derived for this site from the gateway's own. */
  readonly keys: SiteKeys;
  readonly routes: readonly Route[];
  /**
   * The routes an event of the primary tag is offered to: the primary route and every route without a measurement id
   * of its own. JSON events go to all of `routes`.
   */
  readonly feeds: readonly Route[];
  /** Names of the events that one of its routes maps to a conversion, and `purchase`. */
  readonly conversions: ReadonlySet<string>;
  /** Event names in the configuration of its routes: these are known without a hit. */
  readonly eventNames: ReadonlySet<string>;
  /** Measurement ids of its routes, the primary one first. */
  readonly streams: readonly string[];
  /** Parameters of a landing page whose click id one of its routes reads: nobody else's is kept. */
  readonly clickParams: ReadonlySet<string>;
  /** Names of the events that a route takes which reads `visitor_hash`: for others it is not made. */
  readonly hashesVisitors: ReadonlySet<string> | 'every';
  /** For each of its vendors and each signal that cookies rest on. */
  readonly cookieUsers: readonly CookieUsers[];
}

/** Whose a vendor's cookies of one signal are: its routes that need the signal, or all of them where none does. */
export interface CookieUsers {
  readonly vendor: string;
  readonly signal: SignalMask;
  readonly routes: readonly Route[];
}

export interface SiteKeys {
  /** Rotating pseudonyms: HMAC over `window|value`. */
  readonly pseudonym: KeyedHash;
  /** Subject keys of outbox rows. */
  readonly subject: KeyedHash;
}

export interface Route {
  /** `site/name`: unique in the gateway; names the route in the outbox and the metrics. */
  readonly key: string;
  readonly name: string;
  readonly site: string;
  readonly destination: Destination;
  readonly bound: BoundDestination;
  /** Event names it takes; undefined = all. */
  readonly events: ReadonlySet<string> | undefined;
  /** The rules for its events, where the configuration has more than names. */
  readonly rules: RouteRules | undefined;
  /** The rule it is a variant of the route for; undefined = it is the route itself. */
  readonly rule: RuleOf | undefined;
  /** Why it does not take an event: it is not in `events`, or its form does not take it (`Form.wants`). */
  readonly unlisted: NameReasons;
  readonly unmapped: Readonly<Record<'full' | 'limited', NameReasons>>;
  /** Custom parameters it takes; undefined = all. */
  readonly params: ReadonlySet<string> | undefined;
  /** Consents older than this (unix milliseconds) do not cover it (R94). */
  readonly since: number | undefined;
  /** The measurement id whose web hits it takes. */
  readonly stream: string | undefined;
  /** Its web hits feed the other vendors. */
  readonly primary: boolean;
  /** Signals that its full form needs. */
  readonly needs: SignalMask;
  /** One permit for each of the 16 signal states. */
  readonly permits: readonly Permit[];
  /** The operator chose `without_consent: limited`. */
  readonly limited: boolean;
  /** Milliseconds: the smaller of the vendor's limit and the operator's. */
  readonly maxAge: number;
  /** Seals what it gets in the clear; undefined = the runtime cannot, and no such route starts there. */
  readonly sealer: Sealer | undefined;
}
