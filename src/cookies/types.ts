import type { Cookies } from '../consent/cookie-header.ts';
import type { KeyedHash } from '../core/hash.ts';
import type { IdentifierField } from '../core/identifiers.ts';
import type { SignalMask } from '../core/signals.ts';
import type { ClickIds } from '../privacy/url/click-ids.ts';

export type { ClickIds };

/** The cookies section of one site, compiled. */
export interface SiteCookies {
  /** `Domain` of the site's vendor cookies; undefined = host-only. */
  readonly domain: string | undefined;
  /** Longest life of an analytics identifier, milliseconds from first issue, never extended. */
  readonly analytics: number;
  /** The same for click and ad identifiers. */
  readonly ads: number;
  /** Whether the gateway issues its own visitor id, `pv_id`. */
  readonly ownId: boolean;
  /** Signing keys, newest first; the first signs, all verify. */
  readonly signing: readonly SigningKey[];
}

export interface SigningKey {
  /** Short public name of the key, inside the cookie. */
  readonly id: string;
  readonly mac: KeyedHash;
}

/** What cookies are read from. */
export interface CookieInput {
  readonly cookies: Cookies;
  /** Signals in force for the site. */
  readonly granted: SignalMask;
  /** Those of them that a vendor's cookies may not rest on, by vendor: it has no open route for them. */
  readonly closed?: ReadonlyMap<string, SignalMask> | undefined;
  /** When the hit arrived, unix milliseconds. */
  readonly at: number;
  readonly hitId: string;
  /** `Host` of the hit. */
  readonly host: string;
  /** `Site.name`: signed cookies hold for one site. */
  readonly site: string;
  readonly settings: SiteCookies;
  /** Click ids in the page's address. */
  readonly landing: ClickIds | undefined;
  /**
   * Parameters whose click ids are kept, because somebody here reads them: a cookie that nobody uses would only name the
   * visitor. Undefined = all.
   */
  readonly clickParams?: ReadonlySet<string> | undefined;
  /** The gateway's own session: `kept` = one begins where there is none, `read` = only an existing one counts. */
  readonly session?: 'kept' | 'read' | undefined;
  /** Measurement ids whose session counts, most important first; without a list, the session all streams agree on. */
  readonly streams?: readonly string[];
}

export interface CookieReading {
  readonly identifiers: Readonly<Identifiers>;
  /** Whose the hit is: `kind:value`, at most eight (`subjects.ts`), of what came or was issued under consent. */
  readonly subjects: readonly string[];
  /** Those that came in a cookie, used or too old. A click id that is only in the page's address proves nothing. */
  readonly carried: readonly string[];
  /** Complete `Set-Cookie` values, for one answer of at most a few kilobytes. */
  readonly set: readonly string[];
  /**
   * Subjects whose consent is gone, because a governed cookie came without its signal; undefined = none did. All ids of
   * the cookies are in here, because events of a refused purpose may be filed under the identifier of one that is still
   * allowed.
   */
  readonly withdrawn: readonly string[] | undefined;
}

/** What the cookies of a hit say about whose it is, by field; only what its signal and its cap allow. */
export type Identifiers = { -readonly [F in IdentifierField | 'own_id']?: string };
