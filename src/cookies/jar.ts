import { BIT, type SignalMask } from '../core/signals.ts';
import { CLOCK_SKEW } from '../privacy/identifiers.ts';
import { FirstSeen, SEEN } from './first-seen.ts';
import { named, onlyValue, type FoundGoverned } from './found.ts';
import { OWN_ID, ownId, ownIdIn } from './own-id.ts';
import { newSession, OWN_SESSION, ownSessionIn, type OwnSession } from './own-session.ts';
import { expire, fit, homeOf, isSafe, knowsHome, setCookie } from './set-cookie.ts';
import type { ClickIds, CookieInput, CookieReading, Identifiers } from './types.ts';
import { boundedSubjects } from './subjects.ts';
import { CLICK_COOKIES, governs, isClickId, isFamily, SAME_IDS, type GovernedCookie } from './vendor-cookies.ts';

const DAY = 86_400_000;
/** The longest any policy may let a click id live, and any cookie at all (R25). */
const LONGEST_ADS = 90 * DAY;
const LONGEST = 400 * DAY;

/** Whether a cookie may be kept: its signal is in force, and its vendor has an open route for it. */
export function isAllowed({ bit, owner }: GovernedCookie, { granted, closed }: CookieInput): boolean {
  return (granted & bit & ~(closed?.get(owner) ?? 0)) !== 0;
}

/** What is read from the cookies of one hit, and what its answer does to them. */
export class Jar {
  private readonly input: CookieInput;
  private readonly found: readonly FoundGoverned[];
  private readonly landing: ClickIds | undefined;
  private readonly home: string;
  private readonly writable: boolean;
  private readonly identifiers: Identifiers = {};
  /** Who the visitor is by the cookies that came with their signal. */
  private readonly carried: string[] = [];
  /** Who the visitor is by what this hit adds: the click it landed with, an id issued now. */
  private readonly added: string[] = [];
  private readonly sessions: FoundGoverned[] = [];
  /** Click ids of which only the newest counts, with their time of issue, unix ms; for the landing page's it is now. */
  private readonly clicks: Click[] = [];
  /** Fields of which two cookies say different things. */
  private readonly disputed: (keyof Identifiers)[] = [];
  private readonly expired: string[] = [];
  private readonly issued: string[] = [];
  private readonly kept: string[] = [];
  /** Subjects that came without their signal; undefined = there was no such cookie. */
  private gone: string[] | undefined;
  private firstSeen: FirstSeen | undefined;
  /** An own id was issued to a visitor who had none, or none any more. */
  private isNew = false;

  constructor(input: CookieInput, found: readonly FoundGoverned[], landing: ClickIds | undefined) {
    const { domain } = input.settings;
    this.input = input;
    this.found = found;
    this.landing = landing;
    this.home = homeOf(domain);
    this.writable = knowsHome(domain, input.host);
  }

  /** Its signal is not granted: it is read once, for the withdrawal, and expired. */
  withdraw(cookie: FoundGoverned): void {
    this.gone ??= [];
    this.expired.push(cookie.name);
    this.name(cookie, this.gone);
  }

  /** Its signal is granted: it is used and its life cut back to its cap; beyond the cap it is expired. */
  keep(cookie: FoundGoverned): void {
    const { rule, name, value, id } = cookie;
    this.name(cookie, this.carried);
    const left = cookie.others === undefined && isSafe(value) ? this.left(cookie) : undefined;
    if (left === undefined) {
      this.expired.push(name);
      return;
    }
    // The landing page has another click id: `land` replaces this one.
    if (this.landing !== undefined && this.isOutdated(rule, value, this.landing)) return;
    if (id !== undefined && rule.field === 'session_id') this.sessions.push(cookie);
    else if (id !== undefined) this.use(rule, id, cookie.issued ?? 0);
    if (rule.life === 'session' || !this.writable) return;
    const again = setCookie(name, value, left, this.home, false);
    if (again === undefined) this.expired.push(name);
    else this.kept.push(again);
  }

  /** Keeps the click ids of the landing page that are not kept already. */
  land(landing: ClickIds): void {
    const { at, host, settings } = this.input;
    for (const rule of CLICK_COOKIES) {
      const { click, field, name } = rule;
      if (!isAllowed(rule, this.input)) continue;
      const id = click === undefined ? undefined : this.landed(click, landing);
      if (click === undefined || field === undefined || id === undefined) continue;
      if (this.identifiers[field] !== undefined) {
        this.use(rule, this.identifiers[field], at);
        continue;
      }
      const value = click.write(id, at, settings.domain ?? host);
      // If the cookie cannot be read back, it is not a click id of this vendor.
      if (click.read(value) !== id) continue;
      const cookie: FoundGoverned = { rule, name, value, others: undefined, copies: undefined, ...rule.parse(value) };
      if (cookie.id === undefined) continue;
      this.use(rule, cookie.id, at);
      const subject = rule.whose(value, cookie.id);
      if (subject !== undefined) this.added.push(subject);
      const left = this.left(cookie);
      const set = left === undefined ? undefined : setCookie(name, value, left, this.home, false);
      if (set !== undefined) this.issued.push(set);
    }
  }

  /** The gateway's own id, where the site wants it; with analytics_storage only. */
  own(): void {
    const { settings, site, hitId, at } = this.input;
    const cookie = named(this.found, OWN_ID);
    const own = settings.ownId
      ? ownId(onlyValue(cookie), { id: hitId, at }, site, settings.signing, this.cap(BIT.analytics_storage))
      : undefined;
    if (cookie !== undefined && (own === undefined || own.set !== undefined)) this.expired.push(OWN_ID);
    const kept = own !== undefined && own.set === undefined;
    if (kept) this.carried.push(`own:${own.id}`);
    else if (cookie !== undefined) this.name(cookie, this.carried);
    if (own === undefined) return;
    this.identifiers.own_id = own.id;
    if (own.set === undefined) return;
    this.isNew = !this.carried.includes(`own:${own.id}`);
    this.added.push(`own:${own.id}`);
    this.hide(OWN_ID, own.set.value, own.set.maxAge);
  }

  /** The gateway's own session, where the site wants its id and no tag keeps one; with analytics_storage only. */
  ownSession(): void {
    const { settings, site, session, at } = this.input;
    if (session === undefined || !settings.ownId || this.sessions.length > 0) return;
    const cookie = named(this.found, OWN_SESSION);
    const home = { site, keys: settings.signing, cap: this.cap(BIT.analytics_storage) };
    const value = onlyValue(cookie);
    // A session that continued under a new id would link the new id to the old one.
    let own: OwnSession | undefined = value === undefined || this.isNew ? undefined : ownSessionIn(value, at, home);
    if (own === undefined && session === 'kept') {
      own = newSession(at, home);
      if (cookie !== undefined) this.expired.push(OWN_SESSION);
    }
    if (own === undefined) return;
    this.identifiers.session_id = own.id;
    if (own.set !== undefined) this.hide(OWN_SESSION, own.set.value, own.set.maxAge);
  }

  /** Writes down what was seen for the first time. */
  remember(): void {
    const seen = this.firstSeen?.write(this.cap(BIT.ad_storage));
    if (seen === undefined) return;
    if (named(this.found, SEEN)?.others !== undefined) this.expired.push(SEEN);
    this.hide(SEEN, seen.value, seen.maxAge);
  }

  close(): CookieReading {
    const { identifiers, carried, added, gone, expired, issued, kept } = this;
    const session = this.sessions.length === 0 ? undefined : chooseSession(this.sessions, this.input.streams);
    if (session !== undefined) identifiers.session_id = session;
    for (const field of this.disputed) delete identifiers[field];
    this.dropOlderClicks();
    for (const { field, unless } of SAME_IDS) {
      if (identifiers[field] !== undefined && identifiers[field] === identifiers[unless]) delete identifiers[field];
    }
    const { settings, host } = this.input;
    const quiet = expired.length === 0 && issued.length === 0;
    return {
      identifiers,
      subjects: added.length === 0 ? boundedSubjects(carried) : boundedSubjects([...carried, ...added]),
      carried,
      set: fit(quiet ? kept : [...expire(likeliest(expired), settings.domain, host), ...issued, ...kept]),
      withdrawn: gone === undefined ? undefined : [...gone, ...carried],
    };
  }

  private use({ field, newestOf, name }: GovernedCookie, id: string, issued: number): void {
    if (field === undefined) return;
    const before = this.identifiers[field];
    // Two cookies of a family (`_pk_id.*`): it is unknown which is meant (R29).
    if (before !== undefined && before !== id && isFamily(name)) this.disputed.push(field);
    this.identifiers[field] = id;
    if (newestOf !== undefined) this.clicks.push({ field, newestOf, issued });
  }

  /**
   * Where a vendor's rows say so, only the newest of its click ids is used, whatever its kind: the newest ad brought the
   * visitor. All click ids of one landing page are equally new, and the destination decides which it prefers.
   */
  private dropOlderClicks(): void {
    const { clicks } = this;
    for (const { field, newestOf } of clicks) {
      let newest = 0;
      let own = 0;
      for (const one of clicks) {
        if (one.newestOf === newestOf) newest = Math.max(newest, one.issued);
        if (one.field === field) own = Math.max(own, one.issued);
      }
      if (own < newest) delete this.identifiers[field];
    }
  }

  private isOutdated({ click }: GovernedCookie, value: string, landing: ClickIds): boolean {
    const landed = click === undefined ? undefined : this.landed(click, landing);
    return landed !== undefined && click?.read(value) !== landed;
  }

  /** The click id of the landing page that is to be kept; undefined = there is none. */
  private landed({ param }: { readonly param: string }, landing: ClickIds): string | undefined {
    const id = landing[param];
    const { clickParams } = this.input;
    return id !== undefined && (clickParams === undefined || clickParams.has(param)) && isClickId(id) ? id : undefined;
  }

  /** Milliseconds a cookie may still live; undefined = it is expired. */
  private left(cookie: FoundGoverned): number | undefined {
    const { at } = this.input;
    const cap = this.cap(cookie.rule.bit);
    if (cookie.rule.life === 'session') return cap;
    const issued = this.issuedAt(cookie);
    if (issued === undefined || issued > at + CLOCK_SKEW) return undefined;
    const left = Math.min(cap, issued + cap - at);
    return left < 1000 ? undefined : left;
  }

  private issuedAt({ rule, name, value, issued }: FoundGoverned): number | undefined {
    if (rule.field === 'session_id') {
      // Sessions belong to a client id, and live no longer than it does.
      const client = this.found.find(({ rule }) => rule.field === 'client_id');
      const since = client?.others === undefined ? client?.issued : undefined;
      return issued === undefined || since === undefined ? (issued ?? since) : Math.min(issued, since);
    }
    if (issued !== undefined || rule.bit !== BIT.ad_storage) return issued;
    return this.seen()?.timeOf(name, value);
  }

  /** Undefined without a signing key: then cookies without a time of their own cannot be kept. */
  private seen(): FirstSeen | undefined {
    const { settings, site, at } = this.input;
    if (settings.signing.length === 0) return undefined;
    this.firstSeen ??= new FirstSeen(onlyValue(named(this.found, SEEN)), site, settings.signing, at);
    return this.firstSeen;
  }

  /** Longest life under this signal, milliseconds, whatever the configuration says (R25). */
  private cap(bit: SignalMask): number {
    const { ads, analytics } = this.input.settings;
    return bit === BIT.ad_storage ? Math.min(ads, LONGEST_ADS) : Math.min(analytics, LONGEST);
  }

  /** Sets a cookie that no page script needs: host-only, the narrowest there is. */
  private hide(name: string, value: string, maxAge: number): void {
    const set = setCookie(name, value, maxAge, '', true);
    if (set !== undefined) this.issued.push(set);
  }

  /** Names the visitor by every value of a cookie. */
  private name({ rule, value, id, others, copies }: FoundGoverned, names: string[]): void {
    this.nameBy(rule, value, id, names);
    if (copies !== undefined) for (const copy of copies) this.nameBy(rule, copy, rule.parse(copy).id, names);
    if (others !== undefined) for (const other of others) this.nameBy(rule, other, rule.parse(other).id, names);
  }

  private nameBy(rule: GovernedCookie, value: string, id: string | undefined, names: string[]): void {
    const { site, settings } = this.input;
    const own = rule.name === OWN_ID ? ownIdIn(value, site, settings.signing) : undefined;
    const subject = own === undefined ? rule.whose(value, id) : `own:${own}`;
    if (subject !== undefined) names.push(subject);
  }
}

/** An answer has a limit, so single names, which identify the visitor, go before those of a family (`_ga_*`). */
function likeliest(names: readonly string[]): readonly string[] {
  if (names.length <= FITTING) return names;
  const own = (name: string): boolean => governs(name)?.name === name;
  return [...names.filter(own), ...names.filter((name) => !own(name))];
}

/** This many names always fit into an answer. */
const FITTING = 16;

/** A click id of which only the newest of its sort counts. */
interface Click {
  readonly field: keyof Identifiers;
  readonly newestOf: string;
  readonly issued: number;
}

/** The session of the first stream that has one; without a list, the session all streams agree on. */
function chooseSession(sessions: readonly FoundGoverned[], streams: readonly string[] | undefined): string | undefined {
  if (streams === undefined) {
    const [first] = sessions;
    return sessions.every(({ id }) => id === first?.id) ? first?.id : undefined;
  }
  for (const stream of streams) {
    const id = sessions.find(({ rule, name }) => name === rule.name.slice(0, -1) + stream.slice('G-'.length))?.id;
    if (id !== undefined) return id;
  }
  return undefined;
}
