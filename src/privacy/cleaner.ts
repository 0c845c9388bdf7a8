import type { Scalars } from '../core/fields.ts';
import { Recent } from '../core/recent.ts';
import { IDENTIFIER_PARAMS } from '../protocols/limits.ts';
import { isArticleName, isIdName } from './id-names.ts';
import { hasFormat } from './ids.ts';
import { isPersonalNumber } from './pii/numbers.ts';
import { dropKey } from './url/keys.ts';
import { SHORTEST, type OwnIds } from './own-ids.ts';
import { hidesPersonal, scrub } from './pii/scrub.ts';
import { cleanText, wholeAllowance, type Allowance, type UrlPolicy } from './url/url.ts';

type Scalar = string | number | boolean;

/** Characters; longer values of custom parameters are dropped. */
const LONGEST_VALUE = 4096;

/** What an article or an order is numbered with, lists of them too. */
const NUMBERED = /^[\w.:#/,|-]{1,256}$/;
/** The same for ids that are one: an `@` or a blank is in none. */
const ID = /^[\w.:#/-]*$/;

/**
 * Cleans every free text of one visitor's events in a hit (R40, R42, R46): personal data, click ids, what vendors'
 * cookies look like, and copies of the visitor's own ids go, wherever they stand. What several events share is cleaned
 * once.
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

  /** `own` is asked when a text may hold a copy. `shared`: several events say the same, which is remembered. */
  constructor(policy: UrlPolicy, own: () => OwnIds | undefined = () => undefined, shared = false) {
    this.#policy = policy;
    this.#own = own;
    this.#done = shared ? new Map() : undefined;
    this.#names = shared ? new Map() : undefined;
  }

  /** Characters that were looked at: the work, as a test counts it. */
  get looked(): number {
    return this.#looked;
  }

  /** A text that is no address: a title, a search term, the name of an event. */
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

  /** What has been cleaned already, without copies of the visitor's own ids. */
  own(text: string): string {
    this.#looked += text.length;
    return this.#withoutOwn(text);
  }

  /** The number of an article (R43): exempt from what merely looks like a person's number, if it looks like one. */
  article(value: string): string {
    if (!NUMBERED.test(value) || hasFormat(value) || hidesPersonal(value)) return this.text(value);
    this.#looked += value.length;
    return this.#ownIds?.hidden(value, 'long') ?? value;
  }

  /**
   * Whether an order number or the id of an event is one: not with an address in it, an id of a vendor's form or a copy
   * of one of the visitor's, nor what the site calls its visitor. What is left of it would not do either: all with one tag in them would count as one.
   */
  isId(id: string): boolean {
    this.#looked += id.length;
    if (hasFormat(id) || hidesPersonal(id) || (!ID.test(id) && scrub(id) !== id)) return false;
    const own = this.#ownIds;
    return own === undefined || !(own.isIn(id, 'machine') || own.isUser(id));
  }

  /** Custom parameters fit to be sent: no name that is personal or an id's, no text longer than 4 KiB. */
  scalars(record: Scalars): Scalars {
    const clean: Record<string, Scalar> = {};
    for (const key of Object.keys(record)) {
      const value = record[key];
      if (value === undefined || !this.isName(key)) continue;
      const kept = this.#scalar(key, value);
      if (kept !== undefined) clean[key] = kept;
    }
    return clean;
  }

  /** Whether a parameter may be called that: the name says nothing of a person and is none of an id. */
  isName(name: string): boolean {
    const known = this.#names?.get(name);
    if (known !== undefined) return known;
    this.#looked += name.length;
    const is = isHarmlessName(name) && this.#ownIds?.isIn(name) !== true;
    this.#names?.set(name, is);
    return is;
  }

  /** A number, unless its digits are somebody's. */
  number(value: number): number | undefined {
    // As long as a national id it is one as much as its digits in a text would be.
    if (Math.abs(value) < 1e6) return value;
    const text = String(value);
    if (Math.abs(value) >= 1e9 && scrub(text) !== text) return undefined;
    return this.#ownIds?.isIn(text) === true ? undefined : value;
  }

  #scalar(key: string, value: Scalar): Scalar | undefined {
    if (typeof value === 'number') return this.number(value);
    if (typeof value !== 'string') return value;
    if (value.length > LONGEST_VALUE) return undefined;
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

/** Names that were found harmless: they come again with every event. What is personal is not remembered. */
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

/** Whether the site's own id of a visitor is an address, a number of a person or another id: then it is no user id. */
export function isPersonalId(id: string): boolean {
  return scrub(id) !== id || isPersonalNumber(id);
}
