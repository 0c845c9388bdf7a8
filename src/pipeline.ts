import { readConsent } from './consent/index.ts';
import { NO_COOKIES, parseCookies, type Cookies } from './consent/cookie-header.ts';
import { statesGpc } from './consent/gpc.ts';
import type { Consent } from './consent/types.ts';
import { readCookies, type CookieReading } from './cookies/index.ts';
import { chosen } from './cookies/subjects.ts';
import type { Event, RawEvent } from './core/fields.ts';
import type { LeftOut } from './core/left-out.ts';
import { isPlaceholder } from './core/placeholders.ts';
import { reason, type Reason } from './core/reason.ts';
import { ALL_SIGNALS, BIT, GATE_MASK, type SignalMask } from './core/signals.ts';
import type { PrivacyKeys } from './core/values.ts';
import { clientOf } from './policy/client.ts';
import { admitCollect, admitEvents, type Sender } from './policy/admission.ts';
import { decide, ended, primaryRoute, routesFor, type Grounds, type RouteTrace } from './policy/decide.ts';
import { eventKey, givenIds, type EventKey } from './policy/event-key.ts';
import type { Gateway, Route, Site } from './policy/gateway.ts';
import { closedToVendors, routeSignals, siteSignals } from './policy/signals.ts';
import { presentableClientId } from './privacy/identifiers.ts';
import { isTrusted } from './privacy/ip.ts';
import { Cleaner, isPersonalId } from './privacy/cleaner.ts';
import { minimise, type Surroundings } from './privacy/minimise.ts';
import { OwnIds } from './privacy/own-ids.ts';
import { wholeAddress } from './privacy/page-address.ts';
import { foldRare } from './privacy/rare.ts';
import { impersonal, ownPage } from './privacy/replaced-event.ts';
import { NO_WINDOWS, replacedIdentifiers, type IdWindow, type IdWindows } from './privacy/replaced-id.ts';
import { readUrl, type PageUrl } from './privacy/url.ts';
import { notAllowed, notFound } from './sources/doors.ts';
import type { Hit, InvalidEvent, Problem, Reading, SourceEvent, Visitor } from './sources/hit.ts';
import { readCollect, readJson } from './sources/index.ts';

/** What was decided for one event of a hit. */
export interface EventTrace {
  readonly name: string;
  readonly id: string;
  /** By what a repeat of it is known; undefined where it goes nowhere, or no repeat can be told. */
  readonly key: EventKey | undefined;
  /** As it was read. In memory only. */
  readonly raw: RawEvent;
  /** The event after the site's privacy floor, made when it is asked for; undefined when it goes nowhere. */
  readonly event: Event | undefined;
  readonly at: number;
  /** The time its consent stands for, unix milliseconds: what was withdrawn since then it may not have. */
  readonly decidedAt: number;
  readonly consent: Consent;
  /** Signals in force for the site: granted, or on legitimate interest and not objected to. */
  readonly signals: SignalMask;
  /** Raw `kind:value` ids of whose event it is; hashed before anything is stored. */
  readonly subjects: readonly string[];
  readonly routes: readonly RouteTrace[];
  /** What it showed of the visitor that may be rare; counted where the site's ids are replaced. */
  readonly cells: readonly string[];
  /** What is wrong with it, for the person who wrote it; it goes nowhere. */
  readonly invalid?: string;
}

/** Everything decided for one hit: serving, preview, `explain`, config tests and replay all read this. */
export interface Trace {
  readonly hit: Hit;
  readonly site: Site;
  readonly source: Reading['source'];
  readonly events: readonly EventTrace[];
  /** Complete `Set-Cookie` values of the answer. */
  readonly setCookies: readonly string[];
  /** Subjects whose consent is gone. */
  readonly withdrawn: readonly TraceWithdrawal[];
  /** Keys of the hit that were not known and therefore dropped. */
  readonly unknownKeys: number;
  /** What could not be used, with the event going on without it. */
  readonly leftOut: LeftOut;
  /** The hit names a measurement id no route has; it goes nowhere. */
  readonly unknownStream: boolean;
  /** Characters that were looked at for personal data and ids: the work that the hit made. */
  readonly looked: number;
}

export interface TraceWithdrawal {
  readonly subject: string;
  /** Signals that are left. */
  readonly signals: SignalMask;
  /** Routes (`Route.key`) that are closed although these signals would open them: their vendor or service was refused. */
  readonly closedRoutes: readonly string[];
  /** A cookie was left from when there was consent; false where one purpose was refused and another is still allowed. */
  readonly fromCookie: boolean;
}

/** What a back end's visitor has withdrawn since the consent that the event states. */
export interface Withdrawn {
  /** Signals that are left. */
  readonly signals: SignalMask;
  /** Whether a route (`Route.key`) was closed all the same. */
  readonly closed: (route: string) => boolean;
}

/**
 * What these subjects of a site have withdrawn at `since` (unix milliseconds) or later; undefined = nothing that is known.
 */
export type WithdrawnSince = (site: Site, subjects: readonly string[], since: number) => Withdrawn | undefined;

/** A hit is traced, or refused with a problem and nothing happens. */
export type Processed = { readonly trace: Trace } | { readonly problem: Problem };

export const MISDIRECTED: Problem = {
  status: 421,
  title: 'No site answers on this host',
  detail: 'Add the host to `hosts` of a site in the gateway configuration, or send the request to one that is listed.',
};

/**
 * Decides everything about one hit (design 2). Pure: time and chance are in the hit. An exception in consent, filter
 * or cookie code is caught here and ends the event as `failed` on every route, with nothing sent (R80).
 * `windows`: the windows of sites that replace ids, as they are at this moment; without them such ids do not go out.
 * `wanted`: whether somebody withdraws can be asked alone; no route is decided about then.
 * `withdrawnSince`: asked for the events of back ends, which may come later than their visitor's withdrawal.
 */
export function process(
  hit: Hit,
  gateway: Gateway,
  windows: IdWindows = NO_WINDOWS,
  wanted: 'all' | 'withdrawals' = 'all',
  withdrawnSince: WithdrawnSince = nothingKnown,
): Processed {
  const door = gateway.doors.get(hit.path);
  if (door === undefined) return { problem: notFound(gateway.prefix) };
  if (!(door.methods as readonly string[]).includes(hit.method)) return { problem: notAllowed(door.methods) };
  const site = gateway.siteOf.get(hit.host);
  if (site === undefined) return { problem: MISDIRECTED };
  const collect = door.source === 'ga4-collect';
  const sender = collect ? admitCollect(hit, site) : admitEvents(hit, site);
  if (typeof sender !== 'string') return { problem: sender };
  const own = browserVisitor(hit, site, gateway);
  const reading = collect ? readCollect(hit, own) : readJson(hit, sender, own);
  if ('status' in reading) return { problem: reading };
  const primary = primaryRoute(site, reading.stream);
  const routes = wanted === 'withdrawals' ? NO_ROUTE : routesFor(site, reading.stream, primary);
  const trace = traceOf(hit, site, reading, routes, sender, { window: windows.get(site.name), withdrawnSince });
  // A tag no route knows: its events go nowhere, but cookies and withdrawal are the visitor's, not the tag's.
  const stray = reading.stream !== undefined && primary === undefined;
  return { trace: stray ? { ...trace, events: [], unknownStream: true } : trace };
}

const NO_ROUTE: readonly Route[] = [];
const nothingKnown = (): undefined => undefined;

function browserVisitor(hit: Hit, site: Site, gateway: Gateway): Visitor {
  const { headers } = hit;
  const country =
    gateway.countryHeader !== undefined && isTrusted(hit.peer, gateway.trustedProxies)
      ? readCountry(headers[gateway.countryHeader])
      : undefined;
  return {
    cookies: headers['cookie'] ?? '',
    gpc: statesGpc(headers['sec-gpc']),
    userAgent: headers['user-agent'],
    // Without a mode that wants it, the address is never even looked at.
    address: site.privacy.ip === 'truncate' ? clientOf(hit, gateway) : undefined,
    country,
    clientId: undefined,
    sessionId: undefined,
  };
}

function readCountry(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z]{2}$/.test(text) ? text.toUpperCase() : undefined;
}

/** What is known of one event before the routes are asked. */
interface Understood {
  readonly source: SourceEvent;
  readonly cookies: Cookies;
  readonly consent: Consent;
  readonly signals: SignalMask;
  /** As `EventTrace` has it. */
  readonly decidedAt: number;
  readonly page: Page;
  /** Cleans what is said about this visitor. */
  readonly cleaner: Cleaner;
}

/** The address of a page, taken apart when somebody asks: for a visitor who has refused nobody does. */
class Page {
  readonly raw: string | undefined;
  readonly #hit: Hit;
  readonly #site: Site;
  #asked = false;
  #url: PageUrl | undefined;

  constructor(raw: string | undefined, hit: Hit, site: Site) {
    this.raw = raw;
    this.#hit = hit;
    this.#site = site;
  }

  /** Whether there is one: `undefined` in its place is none. */
  get given(): boolean {
    return this.raw !== undefined && !isPlaceholder(this.raw);
  }

  /** Undefined where there is none, or none that can be read. */
  get url(): PageUrl | undefined {
    if (!this.#asked) {
      const whole = this.raw === undefined ? undefined : wholeAddress(this.raw, originOf(this.#hit, this.#site));
      this.#url = whole === undefined ? undefined : readUrl(whole, this.#site.privacy.url);
      this.#asked = true;
    }
    return this.#url;
  }
}

/** What is known beside the hit. */
interface Beside {
  readonly window: IdWindow | undefined;
  readonly withdrawnSince: WithdrawnSince;
}

function traceOf(
  hit: Hit,
  site: Site,
  reading: Reading,
  routes: readonly Route[],
  sender: Sender,
  beside: Beside,
): Trace {
  const { source, unknownKeys, leftOut } = reading;
  let understood: Understood[];
  let cookies: CookieReading[];
  let fault = CONSENT_FAULT;
  try {
    understood = understand(hit, site, reading, sender);
    fault = COOKIE_FAULT;
    cookies = cookiesOf(hit, site, understood);
  } catch {
    const events = reading.events.map((event, line) => failedEvent(hit, event, line, routes, fault));
    return {
      hit,
      site,
      source,
      events,
      setCookies: [],
      withdrawn: [],
      unknownKeys,
      leftOut,
      unknownStream: false,
      looked: 0,
    };
  }
  const events: EventTrace[] = [];
  const withdrawn: TraceWithdrawal[] = [];
  let setCookies: readonly string[] = [];
  let last: Visitor | undefined;
  let unclear = false;
  let personal = 0;
  let hashed = 0;
  for (let line = 0; line < understood.length; line++) {
    const one = understood[line] as Understood;
    const { visitor } = one.source;
    const jar = cookies[line] as CookieReading;
    if (visitor !== last) {
      last = visitor;
      let closed = NO_ROUTES;
      try {
        unclear = true;
        if (mayWithdraw(jar, sender)) closed = closedRoutesOf(site, visitor, understood);
        unclear = false;
      } catch {
        // The visitor's events fail for it; what the signals say is withdrawn all the same.
      }
      if (mayWithdraw(jar, sender)) withdrawn.push(...withdrawalsOf(visitor, jar, sender, understood, closed));
      // A back end gets no cookies: the jar is its visitor's, and the answer does not reach that browser.
      if (sender === 'browser') setCookies = jar.set;
    }
    let traced: EventTrace;
    try {
      traced = unclear
        ? failedEvent(hit, one.source, line, routes, CONSENT_FAULT)
        : traceEvent(hit, site, source, one, jar, line, routes, beside, sender);
      if (hasPersonalId(traced)) personal++;
      if (hasOtherHash(traced)) hashed++;
    } catch {
      traced = failedEvent(hit, one.source, line, routes, FILTER_FAULT);
    }
    events.push(traced);
  }
  return {
    hit,
    site,
    source,
    events,
    setCookies,
    withdrawn,
    unknownKeys,
    leftOut: withCounts(leftOut, personal, hashed),
    unknownStream: false,
    looked: lookedAt(understood),
  };
}

/** Whether an event that goes somewhere came with a user id that is none; of one that goes nowhere it is not read. */
function hasPersonalId({ raw, routes }: EventTrace): boolean {
  return raw.user_id !== undefined && routes.some(isPlanned) && isPersonalId(raw.user_id);
}

/** Whether a vendor goes without an address or a number because the site hashed a form of it that it does not take. */
function hasOtherHash({ raw, routes }: EventTrace): boolean {
  const email = raw.email_sha256 !== undefined && raw.email === undefined;
  const phone = raw.phone_sha256 !== undefined && raw.phone === undefined;
  if (!email && !phone) return false;
  return routes.some(({ outcome, permit, route: { destination } }) => {
    if (outcome !== 'planned' || permit.verdict !== 'full') return false;
    const { reads } = destination;
    return (
      (email && reads.email !== undefined && reads.email_sha256 === undefined) ||
      (phone && reads.phone !== undefined && reads.phone_sha256 === undefined)
    );
  });
}

function withCounts(leftOut: LeftOut, personal: number, hashed: number): LeftOut {
  if (personal + hashed === 0) return leftOut;
  return { ...leftOut, ...(personal > 0 && { user_id: personal }), ...(hashed > 0 && { hashed }) };
}

const isPlanned = ({ outcome }: RouteTrace): boolean => outcome === 'planned';

/** Whether a hit can withdraw anything: a browser that came without any cookie of an identifier has shown none. */
function mayWithdraw(jar: CookieReading, sender: Sender): boolean {
  return sender === 'backend' || jar.withdrawn !== undefined || jar.carried.length > 0;
}

/**
 * Who withdraws, if anybody does: by what all events of the visitor leave, and any of them refuses. A browser's own
 * cookies are the evidence: a governed one without its signal, whatever the reason, or one of a purpose that is still
 * allowed beside another, or a vendor, that was refused. Only what is in them is withdrawn, because anybody can write
 * anybody's id into a hit; an event is filed under all ids of its visitor and is found by these. A back end has to state
 * the refusal, since its silence may be a header that did not reach it, and it states whom it means.
 */
function withdrawalsOf(
  visitor: Visitor,
  jar: CookieReading,
  sender: Sender,
  all: readonly Understood[],
  closedRoutes: readonly string[],
): readonly TraceWithdrawal[] {
  let signals: SignalMask = -1;
  let refused: SignalMask = 0;
  for (const one of all) {
    if (one.source.visitor !== visitor) continue;
    signals &= one.signals;
    refused |= one.consent.refused;
    // Beyond a limit nobody can see what a back end states; what may be a refusal is one.
    if (sender === 'backend' && one.cookies.unreadable === true) refused |= GATE_MASK;
  }
  const left = jar.withdrawn !== undefined && sender === 'browser';
  if (!left && (refused & GATE_MASK) === 0 && closedRoutes.length === 0) return NOBODY;
  const known = [...(jar.withdrawn ?? jar.carried)];
  if (sender === 'backend') for (const { source } of all) if (source.visitor === visitor) pushStated(source, known);
  return chosen(known).map((subject) => ({ subject, signals, closedRoutes, fromCookie: jar.withdrawn !== undefined }));
}

const NOBODY: readonly TraceWithdrawal[] = [];

/** Whose an event is: mostly its cookies say all of it, and there is nothing to add. */
function withStated(subjects: readonly string[], source: SourceEvent): readonly string[] {
  const { raw, visitor } = source;
  const known = raw.user_id === undefined && visitor.clientId === undefined;
  if (known && (raw.client_id === undefined || hasClientId(subjects, raw.client_id))) return subjects;
  const all = [...subjects];
  pushStated(source, all);
  return chosen(all);
}

function hasClientId(subjects: readonly string[], id: string): boolean {
  for (const subject of subjects) {
    if (subject.length === id.length + 3 && subject.startsWith('ga:') && subject.endsWith(id)) return true;
  }
  return false;
}

/** Ids of a visitor that stand in the event itself, or that a back end states. */
function pushStated({ raw, visitor }: SourceEvent, subjects: string[]): void {
  if (raw.user_id !== undefined) subjects.push(`uid:${raw.user_id}`);
  if (raw.client_id !== undefined) subjects.push(`ga:${raw.client_id}`);
  if (visitor.clientId !== undefined && visitor.clientId !== raw.client_id) subjects.push(`ga:${visitor.clientId}`);
}

const NO_ROUTES: readonly string[] = [];

function lookedAt(understood: readonly Understood[]): number {
  let looked = 0;
  let last: Cleaner | undefined;
  for (const { cleaner } of understood) {
    if (cleaner !== last) looked += cleaner.looked;
    last = cleaner;
  }
  return looked;
}

/** Routes that a refused vendor keeps shut, whatever the signals of the site would open: by any event of the visitor. */
function closedRoutesOf(site: Site, visitor: Visitor, all: readonly Understood[]): readonly string[] {
  let closed: string[] | undefined;
  let read: Consent | undefined;
  for (const { source, consent, signals } of all) {
    if (source.visitor !== visitor || consent === read) continue;
    read = consent;
    // Nearly always: no record tells one vendor from another.
    if (consent.terms === undefined && consent.vendorless === ALL_SIGNALS) continue;
    for (const route of site.routes) {
      const own = routeSignals(route, site, consent, signals);
      if (own === signals || isTooNew(route, consent) || !isFull(route, signals) || isFull(route, own)) continue;
      closed ??= [];
      if (!closed.includes(route.key)) closed.push(route.key);
    }
  }
  return closed ?? NO_ROUTES;
}

/** A choice that is older than the route says nothing about it, hence refuses nothing. */
function isTooNew({ since }: Route, { at }: Consent): boolean {
  return since !== undefined && (at === undefined || at < since);
}

function isFull(route: Route, signals: SignalMask): boolean {
  return route.permits[signals & GATE_MASK]?.verdict === 'full';
}

/** Consent and page of every event. Events of one visitor and one set of consent keys share the reading. */
function understand(hit: Hit, site: Site, reading: Reading, sender: Sender): Understood[] {
  const understood: Understood[] = [];
  let before: Understood | undefined;
  for (const source of reading.events) {
    const { raw, visitor } = source;
    const mode = raw.consent_mode;
    let consent: Consent;
    const was = before?.source;
    const cookies = before !== undefined && was?.visitor === visitor ? before.cookies : parseCookies(visitor.cookies);
    if (
      before !== undefined &&
      was?.visitor === visitor &&
      was.raw.consent_mode?.gcs === mode?.gcs &&
      was.raw.consent_mode?.gcd === mode?.gcd &&
      was.raw.consent_mode?.npa === mode?.npa &&
      sameKeys(was.raw.privacy_keys, raw.privacy_keys)
    ) {
      consent = before.consent;
    } else {
      consent = readConsent(
        {
          cookies,
          gpc: visitor.gpc,
          gcs: mode?.gcs,
          gcd: mode?.gcd,
          npa: mode?.npa,
          privacy: raw.privacy_keys,
          at: hit.at,
          country: visitor.country,
        },
        site.consent,
      );
    }
    const page =
      before !== undefined && before.page.raw === raw.page_location
        ? before.page
        : new Page(raw.page_location, hit, site);
    const decidedAt = sender === 'browser' ? hit.at : Math.min(hit.at, consent.at ?? raw.event_time ?? hit.at);
    const cleaner: Cleaner =
      before !== undefined && was?.visitor === visitor
        ? before.cleaner
        : new Cleaner(site.privacy.url, () => ownIdsOf(visitor, understood, hit.at), reading.events.length > 1);
    before = { source, cookies, consent, signals: siteSignals(site, consent), decidedAt, page, cleaner };
    understood.push(before);
  }
  return understood;
}

/** What the visitor is known by in the events of this hit; a stored event is cleaned of copies of it. */
function ownIdsOf(visitor: Visitor, understood: readonly Understood[], at: number): OwnIds {
  const values: (string | undefined)[] = [visitor.clientId];
  const userIds: (string | undefined)[] = [];
  let cookies = NO_COOKIES;
  for (const { source, cookies: own, page } of understood) {
    if (source.visitor !== visitor) continue;
    const { client_id, user_id } = source.raw;
    cookies = own;
    if (values.at(-1) !== client_id) values.push(client_id);
    if (user_id !== undefined) userIds.push(user_id);
    const clickIds = page.url?.clickIds;
    for (const param in clickIds) values.push(clickIds[param as keyof typeof clickIds]);
  }
  return new OwnIds({ cookies, values, userIds, at });
}

/** Where the page of a hit is: the listed origin that sent it, else the site's first. */
function originOf({ headers: { origin } }: Hit, { origins }: Site): string | undefined {
  if (origin !== undefined && origins.has(origin)) return origin;
  for (const first of origins) return first;
  return undefined;
}

function sameKeys(a: PrivacyKeys | undefined, b: PrivacyKeys | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.us_privacy === b.us_privacy &&
    a.sst_us_privacy === b.sst_us_privacy &&
    a.gdpr === b.gdpr &&
    a.gdpr_consent === b.gdpr_consent &&
    a.gpp === b.gpp &&
    a.gpp_sid === b.gpp_sid
  );
}

/** Cookies are one per visitor: what all of its events allow. */
function cookiesOf(hit: Hit, site: Site, understood: readonly Understood[]): CookieReading[] {
  const readings: CookieReading[] = [];
  for (let i = 0; i < understood.length; i++) {
    const { source, cookies } = understood[i] as Understood;
    const before = i === 0 ? undefined : understood[i - 1];
    if (before !== undefined && before.source.visitor === source.visitor) {
      readings.push(readings[i - 1] as CookieReading);
      continue;
    }
    let granted: SignalMask = -1;
    for (const other of understood) if (other.source.visitor === source.visitor) granted &= other.signals;
    readings.push(
      readCookies({
        cookies,
        granted,
        closed: closedTo(site, source.visitor, understood),
        at: hit.at,
        hitId: hit.id,
        host: hit.host,
        site: site.name,
        settings: site.cookies,
        landing: landingOf(site, source.visitor, granted, understood),
        streams: site.streams,
      }),
    );
  }
  return readings;
}

/** What is closed to single vendors: by what any of the visitor's events says. */
function closedTo(
  site: Site,
  visitor: Visitor,
  understood: readonly Understood[],
): ReadonlyMap<string, SignalMask> | undefined {
  let all: Map<string, SignalMask> | undefined;
  let read: Consent | undefined;
  for (const { source, consent, signals } of understood) {
    if (source.visitor !== visitor || consent === read) continue;
    read = consent;
    for (const [vendor, bits] of closedToVendors(site, consent, signals) ?? []) {
      (all ??= new Map()).set(vendor, (all.get(vendor) ?? 0) | bits);
    }
  }
  return all;
}

/** Click ids of the first page of a visitor's events that can be read; where they may not be used, they are not read. */
function landingOf(
  site: Site,
  visitor: Visitor,
  granted: SignalMask,
  understood: readonly Understood[],
): PageUrl['clickIds'] | undefined {
  // Nothing may be matched on ids that are replaced, so they are not kept either.
  if ((granted & BIT.ad_storage) === 0 || site.privacy.replacedIds !== undefined) return undefined;
  for (const { source, page } of understood) {
    const url = source.visitor === visitor ? page.url : undefined;
    if (url !== undefined) return url.clickIds;
  }
  return undefined;
}

function traceEvent(
  hit: Hit,
  site: Site,
  source: Reading['source'],
  one: Understood,
  jar: CookieReading,
  line: number,
  offered: readonly Route[],
  { window, withdrawnSince }: Beside,
  sender: Sender,
): EventTrace {
  const { consent, signals, page, cleaner } = one;
  const { raw, visitor, invalid } = one.source;
  if (invalid !== undefined) return invalidEvent(hit, site, one, invalid, line, offered);
  const ids = givenIds(raw, cleaner);
  const id = ids.event ?? ids.order ?? `${hit.id}-${line}`;
  const name = raw.event_name ?? '';
  const time = raw.event_time === undefined || raw.event_time > hit.at ? hit.at : raw.event_time;
  if (site.privacy.url.neverForward.length > 0 && page.given) {
    const unread = page.url === undefined;
    if (unread || page.url.neverForward) {
      const why = unread ? PAGE_UNREAD : PATH_KEPT;
      const routes = offered.map((route) => ended(route, routeSignals(route, site, consent, signals), why));
      return {
        name,
        id,
        key: undefined,
        raw,
        event: undefined,
        at: time,
        decidedAt: one.decidedAt,
        consent,
        signals,
        subjects: [],
        routes,
        cells: NO_CELLS,
      };
    }
  }

  const identifiers: Partial<RawEvent> = {};
  const analytics = (signals & BIT.analytics_storage) !== 0;
  if (analytics) identifyAnalytics(hit, site, raw, visitor, jar, identifiers);
  const { fbp, fbc, gclid, gbraid, wbraid, dclid, msclkid, li_fat_id } = jar.identifiers;
  if (fbp !== undefined) identifiers.fbp = fbp;
  if (fbc !== undefined) identifiers.fbc = fbc;
  if (gclid !== undefined) identifiers.gclid = gclid;
  if (gbraid !== undefined) identifiers.gbraid = gbraid;
  if (wbraid !== undefined) identifiers.wbraid = wbraid;
  if (dclid !== undefined) identifiers.dclid = dclid;
  if (msclkid !== undefined) identifiers.msclkid = msclkid;
  if (li_fat_id !== undefined) identifiers.li_fat_id = li_fat_id;

  let filtered: Filtered | undefined;
  const filter = (): Filtered =>
    (filtered ??= filterEvent(hit, site, one, { identifiers, eventId: id, eventTime: time }, line, window));
  // Of an event that goes nowhere nobody asks whose it is.
  let subjects = sender === 'backend' ? withStated(jar.subjects, one.source) : NO_SUBJECTS;
  const since = sender === 'backend' ? withdrawnSince(site, subjects, one.decidedAt) : undefined;
  const left = since === undefined ? signals : signals & since.signals;
  const grounds: Grounds = { hit, site, source, consent, signals: left };
  const routes = offered.map((route) => {
    if (since === undefined) return decide(filter, route, grounds);
    return since.closed(route.key)
      ? ended(route, 0, WITHDRAWN)
      : withdrawnOf(decide(filter, route, grounds), grounds, signals);
  });
  let key: EventKey | undefined;
  if (routes.some(isPlanned)) {
    if (sender !== 'backend') subjects = withStated(jar.subjects, one.source);
    const replaced = site.privacy.replacedIds === undefined ? undefined : { id: filter().event.client_id };
    key = eventKey(raw, ids, { hit, source, sender, visitor, jar, signals }, replaced);
  }
  return new TracedEvent(name, id, key, time, one, subjects, routes, filter);
}

const NO_SUBJECTS: readonly string[] = [];
const WITHDRAWN = reason('withdrawn.consent');

/** A decision that fell as it did only because of a withdrawal ends as one. */
function withdrawnOf(decision: RouteTrace, { site, consent }: Grounds, stated: SignalMask): RouteTrace {
  const { route, signals } = decision;
  const fell = decision.outcome === 'blocked' && isFull(route, routeSignals(route, site, consent, stated));
  return fell ? ended(route, signals, WITHDRAWN) : decision;
}

/** An event behind the site's privacy floor. */
interface Filtered {
  readonly event: Event;
  readonly cells: readonly string[];
}

/**
 * Puts an event behind the site's privacy floor. Done when the first route that may have something of it asks: a
 * visitor who has refused is not read any further, and costs no more than the refusal.
 */
function filterEvent(
  hit: Hit,
  site: Site,
  { source: { raw, visitor }, page, cleaner }: Understood,
  known: Pick<Surroundings, 'identifiers' | 'eventId' | 'eventTime'>,
  line: number,
  window: IdWindow | undefined,
): Filtered {
  const { identifiers, eventId, eventTime } = known;
  const { userAgent, address, country } = visitor;
  const { replacedIds } = site.privacy;
  if (replacedIds === undefined) {
    const around = { page: page.url, userAgent, address, country, identifiers, eventId, eventTime, cleaner };
    return { event: minimise(raw, around, site.privacy), cells: NO_CELLS };
  }
  const replaced = {
    page: ownPage(page.url, site.origins),
    userAgent,
    address,
    country,
    identifiers: replacedIdentifiers(identifiers, window, replacedIds, hit.at),
    eventId: `${hit.id}-${line}`,
    eventTime,
    cleaner,
  };
  return foldRare(minimise(impersonal(raw), replaced, site.privacy), window);
}

/** An event that was decided about. What nobody asked for yet is made when somebody does. */
class TracedEvent implements EventTrace {
  readonly name: string;
  readonly id: string;
  readonly key: EventKey | undefined;
  readonly raw: RawEvent;
  readonly at: number;
  readonly decidedAt: number;
  readonly consent: Consent;
  readonly signals: SignalMask;
  readonly subjects: readonly string[];
  readonly routes: readonly RouteTrace[];
  readonly #filter: () => Filtered;

  constructor(
    name: string,
    id: string,
    key: EventKey | undefined,
    at: number,
    { source, consent, signals, decidedAt }: Understood,
    subjects: readonly string[],
    routes: readonly RouteTrace[],
    filter: () => Filtered,
  ) {
    this.name = name;
    this.id = id;
    this.key = key;
    this.raw = source.raw;
    this.at = at;
    this.decidedAt = decidedAt;
    this.consent = consent;
    this.signals = signals;
    this.subjects = subjects;
    this.routes = routes;
    this.#filter = filter;
  }

  /** Whoever only looks gets nothing from filters that are broken. */
  get event(): Event | undefined {
    try {
      return this.#filter().event;
    } catch {
      return undefined;
    }
  }

  get cells(): readonly string[] {
    try {
      return this.#filter().cells;
    } catch {
      return NO_CELLS;
    }
  }
}

const NO_CELLS: readonly string[] = [];

const PAGE_UNREAD = reason('invalid.page_address');
const PATH_KEPT = reason('skip.path');
const CONSENT_FAULT = reason('failed.chain', { module: 'consent', step: 'read' });
const COOKIE_FAULT = reason('failed.chain', { module: 'cookies', step: 'read' });
const FILTER_FAULT = reason('failed.chain', { module: 'privacy', step: 'filter' });

/** An event that cannot be used: nothing of it is read any further, and it goes nowhere. */
function invalidEvent(
  hit: Hit,
  site: Site,
  { source, consent, signals, decidedAt }: Understood,
  invalid: InvalidEvent,
  line: number,
  offered: readonly Route[],
): EventTrace {
  const why = reason('invalid.event', { field: invalid.field });
  const routes = offered.map((route) => ended(route, routeSignals(route, site, consent, signals), why));
  const { raw } = source;
  const id = `${hit.id}-${line}`;
  return {
    name: '',
    id,
    key: undefined,
    raw,
    event: undefined,
    at: hit.at,
    decidedAt,
    consent,
    signals,
    subjects: [],
    routes,
    cells: NO_CELLS,
    invalid: invalid.says,
  };
}

/** Client and own id in presentable form (design 3a): only ever called with analytics_storage in force. */
function identifyAnalytics(
  hit: Hit,
  site: Site,
  raw: RawEvent,
  visitor: Visitor,
  jar: CookieReading,
  identifiers: Partial<RawEvent>,
): void {
  const cid = raw.client_id ?? visitor.clientId;
  if (cid !== undefined && cid !== '') {
    identifiers.client_id = presentableClientId(
      cid,
      raw.page_load_id ?? hit.id,
      hit.at,
      site.cookies.analytics,
      site.keys.pseudonym,
    ).value;
  } else {
    const id = jar.identifiers.clientId ?? jar.identifiers.ownId;
    if (id !== undefined) identifiers.client_id = id;
  }
  if (jar.identifiers.ownId !== undefined) identifiers.own_id = jar.identifiers.ownId;
  const session = raw.session_id ?? visitor.sessionId ?? jar.identifiers.sessionId;
  if (session !== undefined) identifiers.session_id = session;
}

const UNREAD: Consent = {
  granted: 0,
  refused: 0,
  withheld: 0,
  byDefault: 0,
  at: undefined,
  platform: undefined,
  version: undefined,
  id: undefined,
  terms: undefined,
  vendorless: 0,
  conflict: false,
  readings: [],
};

function failedEvent(
  hit: Hit,
  source: SourceEvent,
  line: number,
  offered: readonly Route[],
  fault: Reason<'failed.chain'>,
): EventTrace {
  return {
    name: source.raw.event_name ?? '',
    id: `${hit.id}-${line}`,
    key: undefined,
    raw: source.raw,
    event: undefined,
    at: hit.at,
    decidedAt: hit.at,
    consent: UNREAD,
    signals: 0,
    subjects: [],
    routes: offered.map((route) => ended(route, 0, fault)),
    cells: NO_CELLS,
  };
}
