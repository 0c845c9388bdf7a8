import type { IdentifierFields } from './fields.ts';

/*
 * What a vendor knows visitors and clicks by. Each vendor's rows stand in `destinations/<vendor>/identifiers.ts`;
 * `destinations/identifiers.ts`, which `npm run gen` writes, is the table of all of them. Fields of events, what is read
 * from a landing page and from cookies, names and forms that are looked for in free text, what no address may hold on
 * the wire and the cookie table of the docs are made from it when the program starts.
 */

/** A field that an identifier is carried under. Those of the gateway itself are read from GA4's cookies. */
export type IdentifierField = keyof IdentifierFields | 'client_id' | 'session_id';

/** One identifier, or one cookie of a vendor that holds none the gateway uses and is governed all the same. */
export interface Identifier {
  /** Whose it is: `vendor` of the destinations that may have it. */
  readonly owner: string;
  /** Without this signal it is not read, not kept, and its cookie is expired. */
  readonly signal: 'analytics_storage' | 'ad_storage';
  /** The field that carries it; without one no destination gets it. */
  readonly field?: IdentifierField;
  /** Of the field: what it is, for people. Needed with a field of the vendor's own. */
  readonly description?: string;
  /** The parameter of a landing page's address it comes in, lower case. */
  readonly param?: string;
  /** The parameter is a label of the ad and names nobody: a site may keep it in its addresses. */
  readonly label?: true;
  /** The parameter also goes into this field, as it stood. */
  readonly alsoIn?: 'google_click_params';
  readonly cookie?: IdentifierCookie;
  /** Of the ids under one such word only the newest is used: a visitor was brought by the last ad. */
  readonly newestOf?: string;
  /** It is left out where it is the same as that field: one id in two cookies. */
  readonly unless?: IdentifierField;
  /**
   * Names it goes by in free text beside those of field, parameter and cookie: lower case, without separators, between
   * blanks. What stands under such a name in a text is taken for somebody's id.
   */
  readonly names?: string;
  /**
   * Those of its names that are no words and in no word, so that what stands near one is an id without any sign between
   * them, and a longer name that one is a part of is an id's. `_` may be there or not.
   */
  readonly peculiar?: readonly string[];
  /** What the id looks like wherever it stands. */
  readonly forms?: readonly IdForm[];
}

/** A cookie the gateway answers for: not read, not kept and not renewed beyond what its signal and cap allow. */
export interface IdentifierCookie {
  /** The name; where it ends in `*`, every name that goes on from there. */
  readonly name: string;
  /** What it is for, in the words of the cookie table: completes "it ...". */
  readonly purpose: string;
  /** `session`: the vendor itself ends it within a day or so. Default: `capped`. */
  readonly life?: 'capped' | 'session';
  /** What a value says. Default: nothing. Only texts that a cookie and a request can hold are used of it. */
  readonly parse?: (value: string) => Parsed;
  /** How a click id of the landing page is kept in it. */
  readonly click?: ClickCookie;
  /** The field takes the whole value, and not the click id in it. */
  readonly whole?: true;
  /** By what of it stored events are found again when consent is withdrawn. Default: the id, under the field's name. */
  readonly subject?: Subject;
  /** What of an id is the same in two copies that a tag leaves on two domains. Default: all of it. */
  readonly same?: (id: string) => string;
}

/** What a cookie's value says. */
export interface Parsed {
  /** When it was issued, unix milliseconds; undefined = it does not say. */
  readonly issued: number | undefined;
  /** The identifier in it; undefined = none that could be used. */
  readonly id: string | undefined;
}

/** How a click id is kept for the conversion that comes pages later, in the vendor's own format. */
export interface ClickCookie {
  /** The cookie's value for a click id that was just seen at `at` (unix ms) on a site with this cookie domain. */
  readonly write: (id: string, at: number, domain: string) => string;
  /** The click id in a cookie's value. */
  readonly read: (value: string) => string | undefined;
}

export interface Subject {
  /** One word; `kind:value` is what a stored event is filed under. */
  readonly kind: string;
  readonly by: 'id' | 'value' | 'click';
  /** It is kept where a visitor is known by more ids than are stored. */
  readonly first?: true;
  /** It names the browser for good, as a client id does. */
  readonly browser?: true;
}

/** What something looks like: how it begins, and how it goes on. `rest` must be linear. */
export interface IdForm {
  /** Two characters at least, all ASCII. */
  readonly head: string;
  readonly rest: RegExp;
  /** Capitals matter. */
  readonly exact?: true;
  /** Letters and digits may stand before it. */
  readonly anywhere?: true;
  /** Characters from its beginning at which a digit stands, if there is such a place. */
  readonly digitAt?: number;
}

/** Parsing of a cookie that only says when it was issued. */
export const dated =
  (issued: (value: string) => number | undefined) =>
  (value: string): Parsed => ({ issued: issued(value), id: undefined });

/** Parsing of a cookie whose whole value is the id, without a time. */
export const itself = (value: string): Parsed => ({ issued: undefined, id: value });

/** A click id that is kept as it is. */
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

/** Parameters that name a click: they stay in no address. */
export function clickParams(rows: readonly Identifier[]): readonly string[] {
  return rows.flatMap(({ param, label }) => (param !== undefined && label !== true ? param : []));
}

/** Those of them that are read from a landing page and go on as a field of their own (R47). */
export function landingParams(rows: readonly Identifier[]): readonly string[] {
  return rows.flatMap(({ param, field }) => (param !== undefined && field !== undefined ? param : []));
}

/**
 * Names of parameters under which an identifier is repeated that has a field of its own. There it is capped, hashed or
 * withheld as the consent says; under such a name it would slip by.
 */
export function reservedParams(rows: readonly Identifier[]): readonly string[] {
  return rows.flatMap(({ field, param, cookie }) => {
    if (field === undefined || field === 'client_id' || field === 'session_id') return [];
    const name = cookie?.name === `_${field}` ? [cookie.name] : [];
    return [field, ...(param === undefined ? [] : [param]), ...name];
  });
}

/** Everything the identifiers are called by, in lower case and without separators. */
export function idWords(rows: readonly Identifier[]): readonly string[] {
  const words = new Set<string>();
  for (const { field, param, cookie, names } of rows) {
    // `fbi` and `ga` are more than names of cookies: those of what no destination gets are in `names` where they are none.
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
