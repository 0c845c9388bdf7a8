import { CLOCK_SKEW } from '../privacy/identifiers.ts';
import { sign, verify } from './signing.ts';
import type { SigningKey } from './types.ts';

/**
 * The gateway's own session, for pages whose client has none: the second in which it began, as Google Analytics counts
 * sessions (`destinations/ga4.md` 2.3), signed with the time of its last event. It ends after half an hour without an
 * event, and at the cap of analytics identifiers in any case.
 */
export const OWN_SESSION = 'pv_session';

const MINUTE = 60_000;
const IDLE = 30 * MINUTE;

/** The session of a hit, and the cookie that keeps it; undefined = the cookie that came is still good. */
export interface OwnSession {
  /** Unix seconds. */
  readonly id: string;
  readonly set: { readonly value: string; readonly maxAge: number } | undefined;
}

/** The cookie's site, its keys, and its longest life, milliseconds. */
export interface SessionHome {
  readonly site: string;
  readonly keys: readonly SigningKey[];
  readonly cap: number;
}

/** The session in a cookie; undefined unless the gateway signed it and it has not ended at `at`, unix milliseconds. */
export function ownSessionIn(cookie: string, at: number, home: SessionHome): OwnSession | undefined {
  const { site, keys, cap } = home;
  const signed = verify(OWN_SESSION, cookie, site, keys);
  if (signed === undefined || signed.issued > at + CLOCK_SKEW || at - signed.issued >= IDLE) return undefined;
  const left = Number(signed.value) * 1000 + cap - at;
  if (!(left >= 1000 && left <= cap + CLOCK_SKEW)) return undefined;
  // Written again once a minute, not with every event: the session ends up to a minute early.
  if (at - signed.issued < MINUTE && !signed.stale) return { id: signed.value, set: undefined };
  return { id: signed.value, set: written(signed.value, at, home, left) };
}

/** A session that begins at `at`; undefined when there is no key to sign with. */
export function newSession(at: number, home: SessionHome): OwnSession | undefined {
  const id = String(Math.floor(at / 1000));
  const set = written(id, at, home, home.cap);
  return set === undefined ? undefined : { id, set };
}

function written(id: string, at: number, { site, keys }: SessionHome, left: number): OwnSession['set'] {
  const value = sign(OWN_SESSION, id, at, site, keys);
  return value === undefined ? undefined : { value, maxAge: Math.min(IDLE, left) };
}
