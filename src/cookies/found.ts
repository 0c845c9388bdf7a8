import { eachPair, type Cookies } from '../consent/cookie-header.ts';
import { governs, type GovernedCookie } from './vendor-cookies.ts';

/** A governed cookie of the hit. */
export interface FoundGoverned {
  readonly rule: GovernedCookie;
  readonly name: string;
  readonly value: string;
  /** Other values that came under the same name: it is unknown which is meant (R29). */
  others: string[] | undefined;
  /** The same id under the same name in another spelling. */
  copies: string[] | undefined;
  /** When it was issued, as it says itself, unix milliseconds. */
  readonly issued: number | undefined;
  readonly id: string | undefined;
}

/**
 * Most cookies of one family (`_ga_*`) that are read; no page has as many, and those beyond count as absent. Cookies with
 * a name of their own are always read: they are few, and they show who withdraws.
 */
const MAX_OF_FAMILIES = 64;
/** Most different values of one name that are read: a browser sends one for each domain and path of a cookie. */
const MAX_OTHERS = 8;

const NONE: readonly FoundGoverned[] = [];

/** The governed cookies of a hit, each name once. It also reads headers that nothing else of the gateway could read. */
export function findGoverned({ names, values, header }: Cookies): readonly FoundGoverned[] {
  let finder: Finder | undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const rule = governs(name);
    if (rule !== undefined) (finder ??= new Finder()).add(rule, name, values[i] as string);
  }
  return header === undefined ? (finder?.found ?? NONE) : governedIn(header);
}

function governedIn(header: string): readonly FoundGoverned[] {
  const finder = new Finder();
  eachPair(header, (name, value) => {
    const rule = governs(name);
    if (rule !== undefined) finder.add(rule, name, value);
  });
  return finder.found;
}

class Finder {
  readonly found: FoundGoverned[] = [];
  #ofFamilies = 0;

  add(rule: GovernedCookie, name: string, value: string): void {
    const twin = named(this.found, name);
    if (twin !== undefined) {
      if (twin.value === value || twin.others?.includes(value) === true) return;
      if (saysTheSame(twin, value)) return copyOf(twin, value);
      if (twin.others === undefined) twin.others = [value];
      else if (twin.others.length < MAX_OTHERS) twin.others.push(value);
      return;
    }
    if (rule.name !== name && this.#ofFamilies++ >= MAX_OF_FAMILIES) return;
    const { issued, id } = rule.parse(value);
    this.found.push({ rule, name, value, others: undefined, copies: undefined, issued, id });
  }
}

/**
 * Whether a second value is a copy of the first: tags leave one copy on the host and one on the domain, and these differ
 * only in the domain level that is written into them.
 */
function saysTheSame({ rule, id, issued }: FoundGoverned, value: string): boolean {
  if (id === undefined) return false;
  const other = rule.parse(value);
  return other.id !== undefined && other.issued === issued && rule.same(other.id) === rule.same(id);
}

function copyOf(twin: FoundGoverned, value: string): void {
  twin.copies ??= [];
  if (twin.copies.length < MAX_OTHERS) twin.copies.push(value);
}

/** The cookie of this name. */
export function named(found: readonly FoundGoverned[], name: string): FoundGoverned | undefined {
  for (const cookie of found) if (cookie.name === name) return cookie;
  return undefined;
}

/** The value of a cookie, unless it contradicts itself. */
export function onlyValue(cookie: FoundGoverned | undefined): string | undefined {
  return cookie === undefined || cookie.others !== undefined ? undefined : cookie.value;
}
