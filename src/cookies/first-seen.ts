import { CLOCK_SKEW } from '../privacy/identifiers.ts';
import { sign, verify } from './signing.ts';
import type { SigningKey } from './types.ts';

/**
 * `pv_seen`: when an ad cookie that carries no time of its own (`li_fat_id`, `_uetvid`, ...) was first seen, so that its
 * cap can be kept. Each entry is a 32-bit hash of name and value, `_`, and the hour in base 36; entries are joined by
 * `-`. The value is hashed because it is an identifier; the time is an hour because a finer time would identify, too. An
 * entry stays for twice the cap, because vendor scripts often restore a deleted cookie from the page's storage. The
 * cookie `pv_seen` itself lives for the cap at most, and is written again at half of it while it has entries.
 */
export const SEEN = 'pv_seen';

const HOUR = 3_600_000;
const MAX_ENTRIES = 24;
const LONGEST = 400 * 24 * HOUR;

export class FirstSeen {
  private readonly hours: Map<string, number>;
  private readonly site: string;
  private readonly keys: readonly SigningKey[];
  private readonly at: number;
  private changed = false;
  /** When the cookie that arrived was written, unix milliseconds. */
  private readonly issued: number;

  /** @param cookie the value that arrived; if it is absent or not signed by us, nothing has been seen yet */
  constructor(cookie: string | undefined, site: string, keys: readonly SigningKey[], at: number) {
    this.site = site;
    this.keys = keys;
    this.at = at;
    const signed = cookie === undefined ? undefined : verify(SEEN, cookie, site, keys);
    this.hours = signed === undefined ? new Map() : readEntries(signed.value, at);
    // It is signed again with the newest key, before the old key is removed.
    this.changed = signed?.stale === true;
    this.issued = signed?.issued ?? at;
  }

  /** When this value was first seen under this name, unix milliseconds; now, if it was not. */
  timeOf(name: string, value: string): number {
    const entry = hash(`${name}=${value}`);
    let hour = this.hours.get(entry);
    if (hour === undefined) {
      hour = Math.floor(this.at / HOUR);
      this.hours.set(entry, hour);
      this.changed = true;
    }
    return hour * HOUR;
  }

  /** The cookie to set, if there is anything new in it or half of its life is over; `cap` is that of ad cookies. */
  write(cap: number): { readonly value: string; readonly maxAge: number } | undefined {
    if (!this.changed && this.at - this.issued < cap / 2) return undefined;
    const keep = Math.min(2 * cap, LONGEST);
    const entries: { readonly name: string; readonly hour: number }[] = [];
    this.hours.forEach((hour, name) => {
      if (this.at - hour * HOUR < keep) entries.push({ name, hour });
    });
    if (entries.length > 1) entries.sort((a, b) => b.hour - a.hour);
    const [youngest] = entries;
    if (youngest === undefined) return undefined;
    let text = '';
    for (const { name, hour } of entries.slice(0, MAX_ENTRIES)) text += `-${name}_${hour.toString(36)}`;
    const value = sign(SEEN, text.slice(1), this.at, this.site, this.keys);
    return value === undefined ? undefined : { value, maxAge: Math.min(cap, youngest.hour * HOUR + keep - this.at) };
  }
}

/** A signed text is ours, so its form needs no check. An hour in the future comes from a wrong clock. */
function readEntries(text: string, at: number): Map<string, number> {
  const hours = new Map<string, number>();
  for (const entry of text.split('-')) {
    const [name, hour] = entry.split('_') as [string, string];
    const seen = Number.parseInt(hour, 36);
    if (seen * HOUR <= at + CLOCK_SKEW) hours.set(name, seen);
  }
  return hours;
}

/** FNV-1a over UTF-16 code units, 32 bits, base 36. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}
