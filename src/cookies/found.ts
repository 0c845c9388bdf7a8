import type { Cookies } from '../consent/cookie-header.ts';
import { governs, type GovernedCookie } from './vendor-cookies.ts';

/** A governed cookie of the hit. */
export interface Found {
  readonly rule: GovernedCookie;
  readonly name: string;
  readonly value: string;
  /** Other values that came under the same name: nobody can say which is meant (R29). */
  others: string[] | undefined;
  /** When it was issued, as it says itself, unix milliseconds. */
  readonly issued: number | undefined;
  readonly id: string | undefined;
}

/** No page has as many; those beyond are as if absent. */
const MAX_FOUND = 64;

const NONE: readonly Found[] = [];

/** The governed cookies of a hit, each name once. */
export function findGoverned({ names, values }: Cookies): readonly Found[] {
  let found: Found[] | undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const rule = governs(name);
    if (rule === undefined) continue;
    found ??= [];
    const value = values[i] as string;
    const twin = named(found, name);
    if (twin !== undefined) {
      if (twin.value !== value) (twin.others ??= []).push(value);
    } else if (found.length < MAX_FOUND) {
      const { issued, id } = rule.parse(value);
      found.push({ rule, name, value, others: undefined, issued, id });
    }
  }
  return found ?? NONE;
}

/** The cookie of this name. */
export function named(found: readonly Found[], name: string): Found | undefined {
  for (const cookie of found) if (cookie.name === name) return cookie;
  return undefined;
}

/** The value of a cookie, unless it contradicts itself. */
export function onlyValue(cookie: Found | undefined): string | undefined {
  return cookie === undefined || cookie.others !== undefined ? undefined : cookie.value;
}
