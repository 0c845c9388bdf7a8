import type { IdentifierFields } from './fields.ts';

/*
 * The ids by which vendors know visitors and clicks. The rows of each vendor are in
 * `destinations/<vendor>/identifiers.ts`. `npm run gen` writes the table of all rows, `destinations/identifiers.ts`.
 * When the program starts, these are made from the table: fields of events, the ids that are read from landing pages
 * and cookies, the names and forms that are looked for in free text, the parameters that no address may hold on the
 * wire, and the cookie table of the docs.
 */

/** A field that carries an identifier. The gateway's own fields are read from GA4's cookies. */
export type IdentifierField = keyof IdentifierFields | 'client_id' | 'session_id';

/**
 * One identifier; or a cookie of a vendor that holds no identifier for the gateway, but falls under the cookie rules.
 */
export interface Identifier {
  /** The owner: `vendor` of the destinations that may have it. */
  readonly owner: string;
  /** Without this signal the identifier is neither read nor kept, and its cookie is expired. */
  readonly signal: 'analytics_storage' | 'ad_storage';
  /** The field that carries the identifier. Without a field no destination gets it. */
  readonly field?: IdentifierField;
  /** What the field is, in words for people. Needed with a field of the vendor's own. */
  readonly description?: string;
  /** The parameter of a landing page's address that holds the identifier, lower case. */
  readonly param?: string;
  /** The parameter is a label of the ad and identifies nobody: a site may keep it in its addresses. */
  readonly label?: true;
  /** The parameter also goes into this field, unchanged. */
  readonly alsoIn?: 'google_click_params';
  readonly cookie?: IdentifierCookie;
  /** Among the ids with the same word only the newest is used, because the last ad brought the visitor. */
  readonly newestOf?: string;
  /** The identifier is left out where it equals that field: one id in two cookies. */
  readonly unless?: IdentifierField;
  /**
   * Other names of the identifier in free text, beside those of field, parameter and cookie: lower case, without
   * separators, between blanks. A value under such a name in a text counts as an id of a person.
   */
  readonly names?: string;
  /**
   * Those of the names that are not words and are part of no word. A value after such a name counts as an id even
   * without a sign between them, and so does a value after a longer name that contains it. `_` is optional.
   */
  readonly peculiar?: readonly string[];
  /** What the id looks like anywhere in a text. */
  readonly forms?: readonly IdForm[];
}

/** A cookie that the gateway governs: it is neither read nor kept nor renewed beyond what its signal and cap allow. */
export interface IdentifierCookie {
  /** The name. A name that ends in `*` stands for every name with that beginning. */
  readonly name: string;
  /** What the cookie is for, in the words of the cookie table: completes "it ...". */
  readonly purpose: string;
  /** `session`: the vendor's own cookie ends within about a day. Default: `capped`. */
  readonly life?: 'capped' | 'session';
  /** Reads a value. Default: nothing is read. Only texts that a cookie and a request can hold are used. */
  readonly parse?: (value: string) => Parsed;
  /** How a click id of the landing page is kept in the cookie. */
  readonly click?: ClickCookie;
  /** The field takes the whole value of the cookie instead of the click id in it. */
  readonly whole?: true;
  /** The part by which stored events are found when consent is withdrawn. Default: the id, under the field's name. */
  readonly subject?: Subject;
  /** The part of an id that is the same in two copies of the cookie on two domains. Default: all of it. */
  readonly same?: (id: string) => string;
}

/** What a cookie's value says. */
export interface Parsed {
  /** When it was issued, unix milliseconds; undefined = it does not say. */
  readonly issued: number | undefined;
  /** The identifier in it; undefined = it has no usable one. */
  readonly id: string | undefined;
}

/** How a click id is kept for a later conversion, in the vendor's own format. */
export interface ClickCookie {
  /** The cookie's value for a click id that was just seen at `at` (unix ms) on a site with this cookie domain. */
  readonly write: (id: string, at: number, domain: string) => string;
  /** The click id in a cookie's value. */
  readonly read: (value: string) => string | undefined;
}

export interface Subject {
  /** One word. A stored event is filed under `kind:value`. */
  readonly kind: string;
  readonly by: 'id' | 'value' | 'click';
  /** Keep this one where a visitor has more ids than are stored. */
  readonly first?: true;
  /** It identifies the browser for good, as a client id does. */
  readonly browser?: true;
}

/** What an identifier looks like: its beginning, and the rest. `rest` must be linear. */
export interface IdForm {
  /** Two characters at least, all ASCII. */
  readonly head: string;
  readonly rest: RegExp;
  /** Upper and lower case differ. */
  readonly exact?: true;
  /** Letters and digits may stand before it. */
  readonly anywhere?: true;
  /** The first offset at which a digit must be, if there is one. */
  readonly digitAt?: number;
}

/** Reads a cookie that only says when it was issued. */
export const dated =
  (issued: (value: string) => number | undefined) =>
  (value: string): Parsed => ({ issued: issued(value), id: undefined });

/** Reads a cookie whose whole value is the id, without a time. */
export const itself = (value: string): Parsed => ({ issued: undefined, id: value });

/** A click id that is kept unchanged. */
export const KEPT_AS_IT_IS: ClickCookie = { write: (id) => id, read: (value) => value };

/** The fields that these rows bring, each once. */
export function ownFields(rows: readonly Identifier[]): ReadonlyMap<keyof IdentifierFields, Identifier> {
  const fields = new Map<keyof IdentifierFields, Identifier>();
  for (const row of rows) {
    const { field } = row;
    if (field !== undefined && field !== 'client_id' && field !== 'session_id') fields.set(field, row);
  }
  return fields;
}

/** Parameters that identify a click: no address keeps them. */
export function clickParams(rows: readonly Identifier[]): readonly string[] {
  return rows.flatMap(({ param, label }) => (param !== undefined && label !== true ? param : []));
}

/** Those of them that are read from a landing page and become a field of their own (R47). */
export function landingParams(rows: readonly Identifier[]): readonly string[] {
  return rows.flatMap(({ param, field }) => (param !== undefined && field !== undefined ? param : []));
}

/**
 * Names of parameters that repeat an identifier which has a field of its own. The field is capped, hashed or withheld
 * as the consent says. Under such a name the identifier would pass without that.
 */
export function reservedParams(rows: readonly Identifier[]): readonly string[] {
  return rows.flatMap(({ field, param, cookie }) => {
    if (field === undefined || field === 'client_id' || field === 'session_id') return [];
    const name = cookie?.name === `_${field}` ? [cookie.name] : [];
    return [field, ...(param === undefined ? [] : [param]), ...name];
  });
}

/** Every name of the identifiers, in lower case and without separators. */
export function idWords(rows: readonly Identifier[]): readonly string[] {
  const words = new Set<string>();
  for (const { field, param, cookie, names } of rows) {
    // `fbi` and `ga` have other meanings too. So the cookie's name of an identifier without a field is not taken; where
    // it means nothing else, it is in `names` of the row.
    const own =
      field === undefined || field === 'client_id' || field === 'session_id' ? [] : [field, param, cookie?.name];
    for (const name of own) if (name !== undefined) words.add(joined(name));
    for (const name of names?.split(' ') ?? []) words.add(name);
  }
  return [...words];
}

function joined(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
