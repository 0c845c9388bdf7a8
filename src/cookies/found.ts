import { eachPair, type Cookies } from '../consent/cookie-header.ts';
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

/**
 * No page has as many names of one family (`_ga_*`); those beyond are as if absent. Names of their own are always found:
 * they are few, and they say who withdraws.
 */
const MAX_OF_FAMILIES = 64;
/** Different values of one name that are looked at: a browser sends one for each domain and path a cookie was set on. */
const MAX_OTHERS = 8;

const NONE: readonly Found[] = [];

/** The governed cookies of a hit, each name once. Also those of a header that could not be read otherwise. */
export function findGoverned({ names, values, header }: Cookies): readonly Found[] {
  const finder = new Finder();
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const rule = governs(name);
    if (rule !== undefined) finder.add(rule, name, values[i] as string);
  }
  if (header !== undefined) {
    eachPair(header, (name, value) => {
      const rule = governs(name);
      if (rule !== undefined) finder.add(rule, name, value);
    });
  }
  return finder.found ?? NONE;
}

class Finder {
  found: Found[] | undefined;
  #ofFamilies = 0;

  add(rule: GovernedCookie, name: string, value: string): void {
    this.found ??= [];
    const twin = named(this.found, name);
    if (twin !== undefined) {
      if (twin.value === value || twin.others?.includes(value) === true) return;
      if (twin.others === undefined) twin.others = [value];
      else if (twin.others.length < MAX_OTHERS) twin.others.push(value);
      return;
    }
    if (rule.name !== name && this.#ofFamilies++ >= MAX_OF_FAMILIES) return;
    const { issued, id } = rule.parse(value);
    this.found.push({ rule, name, value, others: undefined, issued, id });
  }
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
