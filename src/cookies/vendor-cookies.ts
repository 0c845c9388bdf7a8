import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import type { ClickCookie, Identifier, IdentifierCookie, IdentifierField, Parsed } from '../core/identifiers.ts';
import { BIT, type SignalMask } from '../core/signals.ts';
import { isClickIdText } from '../privacy/url/click-ids.ts';
import { isSafe } from './set-cookie.ts';

/** A cookie the gateway answers for, as its vendor's row says (`core/identifiers.ts`). */
export interface GovernedCookie {
  /** The name; with `*` at its end, every name that begins so. */
  readonly name: string;
  /** The vendor whose routes may use it; `THIS_GATEWAY` for ours. */
  readonly owner: string;
  readonly bit: SignalMask;
  /** `session`: the vendor itself ends it within a day or so. `signed`: ours, it has files of its own. */
  readonly life: 'capped' | 'session' | 'signed';
  /** What it is for, for the cookie table. */
  readonly purpose: string;
  readonly parse: (value: string) => Parsed;
  /** The identifier it holds, if the gateway uses it. */
  readonly field: IdentifierField | undefined;
  /** How a click id of the landing page is kept in it, and the parameter it comes in. */
  readonly click: (ClickCookie & { readonly param: string }) | undefined;
  /**
   * The subject that a value and the `id` parsed from it name: stored events are found by it. Undefined = none.
   */
  readonly whose: (value: string, id: string | undefined) => string | undefined;
  /** The part of an id that is the same in copies of it. */
  readonly same: (id: string) => string;
  /** Only the newest of the ids with the same word here is used. */
  readonly newestOf: string | undefined;
}

export const THIS_GATEWAY = 'this gateway';

const SILENT: Parsed = { issued: undefined, id: undefined };
const silent = (): Parsed => SILENT;
const nobody = (): undefined => undefined;
const whole = (id: string): string => id;

/** A shorter value identifies nobody. */
const SHORTEST_ID = 8;
const LONGEST_ID = 256;
/** Most characters of an identifier that is kept and sent; of a click id. */
const LONGEST_KEPT = 640;
const LONGEST_CLICK = 512;

/** The rules for the cookies of a table of identifiers. */
function governedCookies(rows: readonly Identifier[]): readonly GovernedCookie[] {
  return rows.flatMap((row) => (row.cookie === undefined ? [] : governed(row, row.cookie)));
}

function governed({ owner, signal, field, param, newestOf }: Identifier, cookie: IdentifierCookie): GovernedCookie {
  const { name, life = 'capped', purpose, click, parse = silent, same = whole } = cookie;
  const read = click === undefined ? undefined : safeClick(click.read);
  return {
    name,
    owner,
    bit: BIT[signal],
    life,
    purpose,
    parse: field === undefined ? withoutId(parse) : safely(parse, cookie),
    field,
    click:
      click === undefined || read === undefined || param === undefined
        ? undefined
        : { param, write: click.write, read },
    whose: whoseBy(cookie, field),
    same,
    newestOf,
  };
}

function withoutId(parse: (value: string) => Parsed): (value: string) => Parsed {
  return (value) => {
    const { issued, id } = parse(value);
    return id === undefined ? { issued, id } : { issued, id: undefined };
  };
}

/** Takes only values that can be kept in a cookie and sent, and that have the form of a click id where they are one. */
function safely(parse: (value: string) => Parsed, { click, whole }: IdentifierCookie): (value: string) => Parsed {
  const longest = click === undefined || whole === true ? LONGEST_KEPT : LONGEST_CLICK;
  return (value) => {
    const parsed = parse(value);
    const { issued, id } = parsed;
    if (id === undefined) return parsed;
    const clicked = click === undefined ? undefined : whole === true ? (click.read(value) ?? '') : id;
    const usable = id.length <= longest && isSafe(id) && (clicked === undefined || isClickIdText(clicked));
    return usable ? parsed : { issued, id: undefined };
  };
}

function safeClick(read: ClickCookie['read']): ClickCookie['read'] {
  return (value) => {
    const id = read(value);
    return id !== undefined && isClickId(id) ? id : undefined;
  };
}

/** The kinds under which other files name the same ids. */
function whoseBy({ subject, click }: IdentifierCookie, field: IdentifierField | undefined): GovernedCookie['whose'] {
  if (subject === undefined) {
    if (field === undefined || field === 'session_id') return nobody;
    return (_, id) => (id === undefined ? undefined : `${field}:${id}`);
  }
  const { kind, by } = subject;
  if (by === 'id') return (_, id) => (id === undefined ? undefined : `${kind}:${id}`);
  // Only its vendor uses this identifier, but it still names the visitor.
  if (by === 'value') {
    return (value) => (value.length >= SHORTEST_ID && value.length <= LONGEST_ID ? `${kind}:${value}` : undefined);
  }
  return (value) => {
    const id = click?.read(value);
    return id === undefined ? undefined : `${kind}:${id}`;
  };
}

function ours(name: string, signal: Identifier['signal'], purpose: string): GovernedCookie {
  const row: Identifier = { owner: THIS_GATEWAY, signal, cookie: { name, purpose } };
  return { ...governed(row, { name, purpose }), life: 'signed' };
}

/** The governed cookies: those of the vendors, and the gateway's own. */
export const GOVERNED: readonly GovernedCookie[] = [
  ...governedCookies(IDENTIFIERS),
  ours('pv_id', 'analytics_storage', "the gateway's own visitor id, for events without one of Google's"),
  ours(
    'pv_session',
    'analytics_storage',
    'when the visit began and when its last event came, for pages without a tag of Google; ends after half an hour without an event',
  ),
  ours(
    'pv_seen',
    'ad_storage',
    'the hour in which an ad cookie without a time of its own was first seen, as a hash, so that it is not kept for longer than allowed',
  ),
];

/** The cookies that keep click ids. */
export const CLICK_COOKIES = GOVERNED.filter((cookie) => cookie.click !== undefined);

/** Which field is left out where it is the same as which other. */
export const SAME_IDS = IDENTIFIERS.flatMap(({ field, unless }) =>
  field === undefined || unless === undefined ? [] : [{ field, unless }],
);

const FAMILY = '*';

/** Whether a rule is for every name that begins so. */
export function isFamily(name: string): boolean {
  return name.endsWith(FAMILY);
}

const BY_NAME: ReadonlyMap<string, GovernedCookie> = new Map(
  GOVERNED.filter(({ name }) => !name.endsWith(FAMILY)).map((rule) => [rule.name, rule]),
);
const FAMILIES = GOVERNED.filter(({ name }) => name.endsWith(FAMILY)).map((rule) => ({
  rule,
  prefix: rule.name.slice(0, -FAMILY.length),
}));
const FIRST: ReadonlySet<number> = new Set(GOVERNED.map(({ name }) => name.charCodeAt(0) * 256 + name.charCodeAt(1)));

const MAX_NAME = 64;

/** The rule for a cookie of this name; undefined = none of ours. Most names fail at their first two letters. */
export function governs(name: string): GovernedCookie | undefined {
  if (!FIRST.has(name.charCodeAt(0) * 256 + name.charCodeAt(1))) return undefined;
  const exact = BY_NAME.get(name);
  if (exact !== undefined) return exact;
  for (const { rule, prefix } of FAMILIES) {
    if (name.startsWith(prefix)) return isName(name) ? rule : undefined;
  }
  return undefined;
}

/** Whether a click id is one that can be kept and sent: at most 512 characters that need no quoting anywhere. */
export function isClickId(id: string): boolean {
  return id.length <= LONGEST_CLICK && isSafe(id) && isClickIdText(id);
}

function isName(name: string): boolean {
  return name.length <= MAX_NAME && /^[A-Za-z0-9_.-]+$/.test(name);
}
