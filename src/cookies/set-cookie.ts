import { Recent } from '../core/recent.ts';

/**
 * `Set-Cookie` values (R28): always `Secure`, `Path=/`, `SameSite=Lax`. Names and values come from a table of ours, or
 * from the visitor's own cookies after `isSafe`: nothing else can end up in the header.
 */

/**
 * Bytes of `Set-Cookie` in one answer. Reverse proxies commonly have 4 KiB for all headers of an answer. Cookies that do
 * not fit are set in the answer to the next hit, which brings the same cookies again.
 */
const MAX_ANSWER = 3584;

/** A cookie is at most this long, name and value together (R28). */
const MAX_COOKIE = 4096;

/** ASCII that may stand in a cookie's name and value: no space, quote, comma, semicolon, backslash or control. */
export function isSafe(text: string): boolean {
  return SAFE.test(text);
}

const SAFE = /^[!#-+\--:<-[\]-~]*$/;

/** `Domain` where the site's vendor cookies live, as an attribute; empty = host-only. */
export function homeOf(domain: string | undefined): string {
  return domain === undefined ? '' : `; Domain=${domain}`;
}

/**
 * Whether a cookie that page scripts wrote can be written again in the same place. Without a configured domain, a cookie
 * of a host with parents may be on any of them; a second copy would only confuse the tags.
 */
export function knowsHome(domain: string | undefined, host: string): boolean {
  return domain !== undefined || parentDomains(host).length === 0;
}

/** Sets a cookie; undefined when it would be too long. `maxAge` is milliseconds. */
export function setCookie(
  name: string,
  value: string,
  maxAge: number,
  home: string,
  httpOnly: boolean,
): string | undefined {
  if (name.length + value.length > MAX_COOKIE) return undefined;
  const seconds = Math.floor(maxAge / 1000);
  const hidden = httpOnly ? '; HttpOnly' : '';
  return `${name}=${value}; Max-Age=${seconds}${home}; Path=/; Secure${hidden}; SameSite=Lax`;
}

/** Expires cookies wherever they can be: at home, host-only, and on every domain from the host upwards (R32). */
export function expire(names: readonly string[], domain: string | undefined, host: string): string[] {
  if (names.length === 0) return [];
  const scopes = new Set([homeOf(domain), '']);
  for (const parent of parentDomains(host)) scopes.add(homeOf(parent));
  const expired: string[] = [];
  // All cookies in the likeliest scope come first: if the answer is full, each is expired in one scope at least.
  for (const scope of scopes) {
    for (const name of names) expired.push(`${name}=; Max-Age=0${scope}; Path=/; Secure; SameSite=Lax`);
  }
  return expired;
}

/** Whether a `Set-Cookie` value ends a cookie. */
export function isExpiry(cookie: string): boolean {
  return cookie.includes('; Max-Age=0; ');
}

/** As many as fit into one answer, in order. */
export function fit(changes: readonly string[]): readonly string[] {
  let bytes = 0;
  for (let i = 0; i < changes.length; i++) {
    bytes += (changes[i] as string).length + OVERHEAD;
    if (bytes > MAX_ANSWER) return changes.slice(0, i);
  }
  return changes;
}

/** `Set-Cookie: ` and the line's end. */
const OVERHEAD = 14;

const DEEPEST = 6;

/** Hosts come from the configuration only, so this has no more entries than that. */
const parents = new Recent<readonly string[]>(1_000, 1 << 20, (domains) => 2 * domains.join().length);

function parentDomains(host: string): readonly string[] {
  const known = parents.get(host);
  if (known !== undefined) return known;
  const domains = parentDomainsOf(host);
  parents.set(host, domains);
  return domains;
}

/**
 * Domains a cookie of this host can have, widest first, each of two labels or more. Where these are a public suffix, the
 * browser refuses the cookie, which does no harm. A name without a dot and an address have none.
 */
function parentDomainsOf(host: string): string[] {
  const labels = host.split('.');
  const last = labels[labels.length - 1] as string;
  if (labels.length < 2 || !/^[a-z0-9.-]*[a-z][a-z0-9-]*$/.test(last) || !/^[a-z0-9.-]+$/.test(host)) return [];
  const domains: string[] = [];
  for (let i = labels.length - 2; i >= 0 && domains.length < DEEPEST; i--) domains.push(labels.slice(i).join('.'));
  return domains;
}
