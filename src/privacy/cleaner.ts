import type { Scalars, Texts } from '../core/fields.ts';
import { Recent } from '../core/recent.ts';
import { IDENTIFIER_PARAMS } from '../protocols/limits.ts';
import { isArticleName, isIdName, isVersionName } from './id-names.ts';
import { hasFormat } from './ids.ts';
import { isPersonalNumber } from './pii/numbers.ts';
import { dropKey, isCustomerKey } from './url/keys.ts';
import { SHORTEST, type OwnIds } from './own-ids.ts';
import { hidesPersonal, scrub } from './pii/scrub.ts';
import { cleanText, wholeAllowance, type Allowance, type UrlPolicy } from './url/url.ts';

type Scalar = string | number | boolean;

/** Characters; longer values of custom parameters are dropped. */
const LONGEST_VALUE = 4096;

const VERSION = /^v?\d{1,4}(?:\.\d{1,6}){1,4}$/i;

/** Digits as many as a phone number has. */
const PHONE = /^\+?\d(?:[ ().-]{0,2}\d){7,14}$/;

/** Numbers of articles or orders, and lists of them. */
const NUMBERED = /^[\w.:#/,|-]{1,256}$/;
/** Characters of a single id: it has no `@` and no blank. */
const ID = /^[\w.:#/-]*$/;

/**
 * Cleans every free text of one visitor's events in a hit (R40, R42, R46). It takes out personal data, click ids, texts
 * with the form of a vendor's cookie, and copies of the visitor's own ids, wherever they stand. A text that several events
 * share is cleaned once.
 */
export class Cleaner {
  readonly #policy: UrlPolicy;
  readonly #own: () => OwnIds | undefined;
  readonly #done: Map<string, string | undefined> | undefined;
  readonly #names: Map<string, boolean> | undefined;
  #allowance: Allowance | undefined;
  #ids: OwnIds | undefined;
  #asked = false;
  #looked = 0;

  /**
   * @param own called when a text may hold a copy of an id
   * @param shared several events have the same texts, so results are kept
   */
  constructor(policy: UrlPolicy, own: () => OwnIds | undefined = () => undefined, shared = false) {
    this.#policy = policy;
    this.#own = own;
    this.#done = shared ? new Map() : undefined;
    this.#names = shared ? new Map() : undefined;
  }

  /** Characters that were examined: a test measures the work by them. */
  get looked(): number {
    return this.#looked;
  }

  /** A title, a search term or the name of an event; empty if nothing of it can stay. */
  text(value: string): string {
    return this.free(value) ?? '';
  }

  /** Any text; addresses in it keep what a page address may keep. Undefined when nothing of it can stay. */
  free(value: string): string | undefined {
    const done = this.#done;
    if (done === undefined) return this.#clean(value);
    if (done.has(value)) return done.get(value);
    const clean = this.#clean(value);
    done.set(value, clean);
    return clean;
  }

  /** Takes copies of the visitor's own ids out of a text that is clean otherwise. */
  own(text: string): string {
    this.#looked += text.length;
    return this.#withoutOwn(text);
  }

  /** The number of an article (R43): if it has the form of one, digits that look like a person's number may stay in it. */
  article(value: string): string {
    if (!NUMBERED.test(value) || hasFormat(value) || hidesPersonal(value)) return this.text(value);
    this.#looked += value.length;
    return this.#ownIds?.hidden(value, 'long') ?? value;
  }

  /**
   * Whether a text can be used as an order number or the id of an event. It cannot if it has an address, an id in a
   * vendor's form or a copy of the visitor's ids in it, or is the site's own id of its visitor. Such a text is not cleaned
   * instead, because all ids with the same tag in them would count as one.
   */
  isId(id: string): boolean {
    this.#looked += id.length;
    if (hasFormat(id) || hidesPersonal(id) || (!ID.test(id) && scrub(id) !== id)) return false;
    const own = this.#ownIds;
    return own === undefined || !(own.isIn(id, 'machine') || own.isUser(id));
  }

  /** Custom parameters that may be sent: no personal name, no name of an id, no text longer than 4 KiB. */
  scalars(record: Scalars): Scalars {
    const clean: Record<string, Scalar> = {};
    const keys = Object.keys(record);
    const ofCustomer = keys.reduce((count, key) => (isCustomerKey(key) ? count + 1 : count), 0) > 1;
    for (const key of keys) {
      const value = record[key];
      if (value === undefined || !this.isName(key)) continue;
      if (isCustomerKey(key) && (ofCustomer || (key === 'ph' && PHONE.test(String(value))))) continue;
      const kept = this.#scalar(key, value);
      if (kept !== undefined) clean[key] = kept;
    }
    return clean;
  }

  /** Texts whose names are the gateway's own, such as the name of a campaign. */
  texts(record: Texts): Record<string, string> {
    const clean: Record<string, string> = {};
    for (const key of Object.keys(record)) {
      const value = record[key];
      const kept = value === undefined || value.length > LONGEST_VALUE ? undefined : this.free(value);
      if (kept !== undefined) clean[key] = kept;
    }
    return clean;
  }

  /** Whether a parameter may have this name: it names neither personal data nor an id. */
  isName(name: string): boolean {
    const known = this.#names?.get(name);
    if (known !== undefined) return known;
    this.#looked += name.length;
    const is = isHarmlessName(name) && this.#ownIds?.isIn(name) !== true;
    this.#names?.set(name, is);
    return is;
  }

  /** A number, unless its digits identify a person. */
  number(value: number): number | undefined {
    // A number as long as a national id may be one, as the same digits in a text may.
    if (Math.abs(value) < 1e6) return value;
    const text = String(value);
    if (Math.abs(value) >= 1e9 && scrub(text) !== text) return undefined;
    return this.#ownIds?.isIn(text) === true ? undefined : value;
  }

  #scalar(key: string, value: Scalar): Scalar | undefined {
    if (typeof value === 'number') return this.number(value);
    if (typeof value !== 'string') return value;
    if (value.length > LONGEST_VALUE) return undefined;
    // `5.14.203.7` could be an address.
    if (VERSION.test(value) && isVersionName(key)) return value;
    return isArticleName(key) ? this.article(value) : this.free(value);
  }

  #clean(value: string): string | undefined {
    this.#looked += value.length;
    const clean = cleanText(value, this.#policy, (this.#allowance ??= wholeAllowance()));
    return clean === undefined ? undefined : this.#withoutOwn(clean);
  }

  #withoutOwn(text: string): string {
    return text.length < SHORTEST ? text : (this.#ownIds?.hidden(text) ?? text);
  }

  get #ownIds(): OwnIds | undefined {
    if (!this.#asked) {
      this.#asked = true;
      this.#ids = this.#own();
    }
    return this.#ids;
  }
}

/** Names that were found harmless and come again with every event. Personal ones are not kept. */
const harmless = new Recent<true>(1_000, 1 << 20);

function isHarmlessName(name: string): boolean {
  if (harmless.get(name) === true) return true;
  if (isPersonalName(name) || scrub(name) !== name) return false;
  harmless.set(name, true);
  return true;
}

/** Whether a parameter's name says that its value stands for a person, a device or a click: then it never passes. */
export function isPersonalName(name: string): boolean {
  return IDENTIFIER_PARAMS.has(name.toLowerCase()) || isIdName(name) || dropKey(name);
}

/** Whether the site's own id of a visitor is an email address, a person's number or another id: then it is no user id. */
export function isPersonalId(id: string): boolean {
  return scrub(id) !== id || isPersonalNumber(id);
}
