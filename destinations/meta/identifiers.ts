import type { Identifier, Parsed } from '../../src/core/identifiers.ts';
import { endOf, millisecondsAt, numberAt } from '../../src/core/issue-time.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    fbp: string;
    fbc: string;
  }
}

/** `destinations/meta.md` 6. Meta takes both cookies whole, appendix included (6.1). */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Meta',
    signal: 'ad_storage',
    field: 'fbp',
    description: 'Meta browser id (`_fbp`), whole',
    cookie: {
      name: '_fbp',
      purpose: 'tells browsers apart for Meta',
      parse: parseFbp,
      subject: { kind: 'fbp', by: 'id', first: true, browser: true },
      same: withoutLevel,
    },
    forms: [
      { head: 'fb', rest: /[._-]\d{1,3}[._-]\d{13}[._-][\w.%-]{1,600}/, anywhere: true },
      { head: 'fb', rest: /[._-]\d{1,3}[._-]\d{10,16}[._-][\w.%-]{1,600}/ },
    ],
  },
  {
    owner: 'Meta',
    signal: 'ad_storage',
    field: 'fbc',
    description: 'Meta click id in the form of the `_fbc` cookie, whole',
    param: 'fbclid',
    peculiar: ['fbclid'],
    names: 'fbcookie',
    cookie: {
      name: '_fbc',
      purpose: 'the ad click that led to the site (`fbclid`), for Meta',
      parse: parseFb,
      click: { write: (id, at, domain) => `fb.${domainIndex(domain)}.${at}.${id}`, read: fbClickId },
      whole: true,
      // The time in the cookie is that of whoever wrote it; the click is the same.
      subject: { kind: 'fbc', by: 'click', first: true },
      same: withoutLevel,
    },
    forms: [
      { head: 'IwAR', rest: /[\w-]{8,600}/, exact: true },
      { head: 'Iw', rest: /[YZ][\w-]{12,600}/, exact: true },
      { head: 'PA', rest: /[QYZ][0-9A-Za-z]{2}[\w-]{12,600}/, exact: true },
    ],
  },
  {
    owner: 'Meta',
    signal: 'ad_storage',
    cookie: { name: '_fbi', purpose: "Meta's record of a visitor's address, written by its parameter builder" },
  },
];

function parseFb(value: string): Parsed {
  const issued = fbTime(value);
  return { issued, id: issued === undefined ? undefined : value };
}

/** The random part of `_fbp` is a number (6.1). */
function parseFbp(value: string): Parsed {
  const isBrowser = /^fb\.\d{1,3}\.\d{1,16}\.\d{1,20}(?:\.|$)/.test(value);
  return isBrowser ? parseFb(value) : { issued: undefined, id: undefined };
}

/** The second field is the level of the domain, and differs between copies. */
function withoutLevel(id: string): string {
  return id.slice(id.indexOf('.', 3));
}

/** Meta's index of a cookie domain: its labels less one (6.1). */
function domainIndex(domain: string): number {
  let dots = 0;
  for (let i = 0; i < domain.length; i++) if (domain.charCodeAt(i) === 46) dots++;
  return dots;
}

/** Issue time of `_fbp` and `_fbc`, `fb.<index>.<unix ms>.<id>[.<appendix>]`; undefined where Meta would not take it. */
export function fbTime(cookie: string): number | undefined {
  if (!cookie.startsWith('fb.')) return undefined;
  const index = cookie.indexOf('.', 3);
  const time = cookie.indexOf('.', index + 1);
  if (index === -1 || time === -1 || numberAt(cookie, 3, index) < 0) return undefined;
  const id = endOf(cookie, '.', time + 1);
  if (id === time + 1) return undefined;
  if (id < cookie.length && !isAppendix(cookie.slice(id + 1))) return undefined;
  return millisecondsAt(cookie, index + 1, time);
}

/** The fbclid in a `_fbc` cookie. */
export function fbClickId(cookie: string): string | undefined {
  return fbTime(cookie) === undefined ? undefined : fbClick(cookie);
}

/** The fbclid in a `_fbc` cookie whose time could be read. */
function fbClick(cookie: string): string {
  const start = cookie.indexOf('.', cookie.indexOf('.', 3) + 1) + 1;
  return cookie.slice(start, endOf(cookie, '.', start));
}

/** The fifth part Meta's own library appends: a language token, or six bytes in base64url (`meta.md` 6.2). */
function isAppendix(text: string): boolean {
  return LANGUAGE_TOKENS.has(text) || (text.length === 8 && /^[A-Za-z0-9_-]{8}$/.test(text));
}

const LANGUAGE_TOKENS: ReadonlySet<string> = new Set(['AQ', 'Ag', 'Aw', 'BA', 'BQ', 'Bg']);
