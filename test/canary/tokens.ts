import { KIND_NAMES, type Kind } from './kinds.ts';

/**
 * A canary shows what it is: a marker, the kind, and the number of its hit. So one pass over a text finds the canaries
 * of all hits, earlier ones included, and no list of a million values is needed.
 */

/** Starts a canary made of letters; no word of any language or protocol has it. */
const LETTERS = 'qzvxkj';
/** Starts one made of digits, for where only digits can stand; `1` or `2` and a digit follow, which say the kind. */
const DIGITS = '7314';

const A = 97;

function letters(value: number, length: number): string {
  let out = '';
  for (let i = 0; i < length; i++) {
    out = String.fromCharCode(A + (value % 26)) + out;
    value = Math.floor(value / 26);
  }
  return out;
}

function numberOf(text: string): number {
  let value = 0;
  for (const letter of text.toLowerCase()) value = value * 26 + letter.charCodeAt(0) - A;
  return value;
}

/** Fourteen letters, for every kind. */
export function word(kind: Kind, serial: number): string {
  return LETTERS + letters(KIND_NAMES.indexOf(kind), 2) + letters(serial, 6);
}

/** Kinds that come as digits; the place in the list is part of the canary. */
const NUMERIC = [
  'cid',
  'gaCookie',
  'pageLoad',
  'phone',
  'fbpCookie',
  'msclkid',
  'cidOld',
  'cidUndated',
  'uetCookie',
  'phoneInText',
  'phoneUserId',
  'formatInText',
  'pkCookie',
  'utkCookie',
] as const satisfies readonly Kind[];

/** Thirteen digits. */
export function digits(kind: (typeof NUMERIC)[number], serial: number): string {
  const place = NUMERIC.indexOf(kind) + 10;
  return `${DIGITS}${place}${String(serial % 1e7).padStart(7, '0')}`;
}

const UUID_KINDS = [
  'liFatId',
  'liCookie',
  'scidCookie',
  'scidCopyCookie',
  'rdtUuidCookie',
] as const satisfies readonly Kind[];

/** A UUID, which is what LinkedIn's click ids and Snap's browser ids look like. */
export function uuid(kind: (typeof UUID_KINDS)[number], serial: number): string {
  return `7314159${UUID_KINDS.indexOf(kind)}-265a-4358-9793-${String(serial).padStart(12, '0')}`;
}

/** First number of an address by where it came in. */
const NETWORKS: ReadonlyMap<string, Kind> = new Map([
  ['91', 'ipPeer'],
  ['92', 'ipForwarded'],
  ['93', 'ipHeader'],
  ['94', 'ipStated'],
  ['95', 'ipParam'],
]);

/** An IPv4 address; good for 16 million hits. */
export function ipv4(kind: 'ipPeer' | 'ipForwarded' | 'ipHeader' | 'ipStated' | 'ipParam', serial: number): string {
  const first = [...NETWORKS].find(([, name]) => name === kind)?.[0] ?? '';
  // The host number is never zero, which is what truncation leaves.
  return `${first}.${(serial >> 14) & 255}.${(serial >> 7) & 127}.${(serial & 127) + 1}`;
}

/** The same number as an IPv6 address of its own. */
export function ipv6(kind: Parameters<typeof ipv4>[0], serial: number): string {
  const first = [...NETWORKS].find(([, name]) => name === kind)?.[0] ?? '';
  return `2a0d:${first}:${(serial >> 12).toString(16)}:${((serial & 4095) + 1).toString(16)}::77`;
}

/** Unix seconds of a session's start that no clock of these tests shows. */
export function sessionStart(serial: number): string {
  return String(1_500_000_000 + (serial % 50_000_000));
}

export interface Seen {
  readonly kind: Kind;
  readonly form: 'raw' | 'prefix';
  readonly serial: number;
}

const PATTERN = new RegExp(
  [
    `${LETTERS}([a-z]{2})([a-z]{6})`,
    `${DIGITS}([12]\\d)(\\d{7})`,
    '7314159([0-4])-?265a-?4358-?9793-?(\\d{12})',
    '(?<![\\d.])(9[1-5])\\.(\\d{1,3})\\.(\\d{1,3})(?:\\.(\\d{1,3}))?(?![\\d])',
    '2a0d:0*(9[1-5])(?::([0-9a-f]{1,4}):([0-9a-f]{1,4}))?',
    '(?<!\\d)(15[0-4]\\d{7})(?!\\d)',
  ].join('|'),
  'gi',
);

/** The hits whose canaries can be in a text. */
export interface Serials {
  /** Digits look like a canary by chance now and then: those of hits before this one are taken for chance. */
  readonly from: number;
  /** The last one that has come in. */
  readonly to: number;
}

/** The canaries that stand plainly in a text. */
export function plainCanaries(text: string, { from, to }: Serials): Seen[] {
  const seen: Seen[] = [];
  PATTERN.lastIndex = 0;
  for (let match = PATTERN.exec(text); match !== null; match = PATTERN.exec(text)) {
    const one = readMatch(match);
    if (one === undefined || one.serial > to) continue;
    const madeOfDigits = match[1] === undefined;
    if (madeOfDigits && one.form === 'raw' && one.serial < from) continue;
    seen.push(one);
  }
  return seen;
}

function readMatch(match: RegExpExecArray): Seen | undefined {
  const [, kindLetters, serialLetters, numeric, number, uuidKind, uuidNumber, v4, a, b, c, v6, hi, lo, session] = match;
  if (kindLetters !== undefined) return named(KIND_NAMES[numberOf(kindLetters)], numberOf(serialLetters ?? ''));
  if (numeric !== undefined) return named(NUMERIC[Number(numeric) - 10], Number(number));
  if (uuidKind !== undefined) return named(UUID_KINDS[Number(uuidKind)], Number(uuidNumber));
  if (v4 !== undefined) {
    const whole = c !== undefined && c !== '0';
    const host = whole ? Number(c) - 1 : 0;
    return named(NETWORKS.get(v4), (Number(a) << 14) | (Number(b) << 7) | host, whole ? 'raw' : 'prefix');
  }
  if (v6 !== undefined) {
    const whole = hi !== undefined;
    const serial = whole ? Number.parseInt(hi, 16) * 4096 + Number.parseInt(lo ?? '1', 16) - 1 : 0;
    return named(NETWORKS.get(v6), serial, whole ? 'raw' : 'prefix');
  }
  return session === undefined ? undefined : named('session', Number(session) - 1_500_000_000);
}

function named(kind: Kind | undefined, serial: number, form: Seen['form'] = 'raw'): Seen | undefined {
  return kind === undefined ? undefined : { kind, serial, form };
}
