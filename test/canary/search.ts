import { hash } from 'node:crypto';
import type { Form, Kind } from './kinds.ts';
import { plainCanaries, type Serials } from './tokens.ts';

/** One canary in a text. */
export interface Found {
  readonly kind: Kind;
  readonly serial: number;
  readonly form: Form;
  /** How it was hidden, e.g. `percent 2, base64`; empty when it stood there plainly. */
  readonly how: string;
}

/** Digests (lower-case hex) of everything a hit brought, and what each stands for. */
export type Digests = ReadonlyMap<string, { readonly kind: Kind; readonly serial: number; readonly form: Form }>;

const ALGORITHMS = ['md5', 'sha1', 'sha256'] as const;

/** Digests of values under every algorithm. A value's own spelling and its usual normal forms are hashed alike. */
export function digestsOf(values: Iterable<readonly [kind: Kind, value: string]>, serial: number): Digests {
  const digests = new Map<string, { kind: Kind; serial: number; form: Form }>();
  for (const [kind, value] of values) {
    for (const text of normalForms(value)) {
      for (const form of ALGORITHMS) digests.set(hash(form, text, 'hex'), { kind, serial, form });
    }
  }
  return digests;
}

function normalForms(value: string): Set<string> {
  const trimmed = value.trim();
  const lower = trimmed.toLowerCase();
  const forms = new Set([value, trimmed, lower, trimmed.toUpperCase()]);
  if (lower.includes('@')) forms.add(lower.replace(/\+[^@]*/, '')).add(lower.slice(0, lower.indexOf('@')));
  if (/^[+\d ()-]+$/.test(lower)) {
    const number = lower.replaceAll(/\D/g, '');
    forms.add(number).add(`+${number}`);
  }
  return forms;
}

const ROUNDS = 3;

/**
 * Every canary in a text: as it stands, percent-encoded up to three times, in `\u` and HTML escapes, in base64 or
 * base64url at any offset, in hex, and (where `digests` are given) hashed. `digests` is asked for only when
 * something in the text looks like one. `literals` of the latest hit are found as they stand, encoded alike.
 */
export function search(
  text: string,
  serials: Serials,
  digests?: () => Digests,
  literals: readonly (readonly [kind: Kind, value: string])[] = [],
): Found[] {
  const found = new Map<string, Found>();
  const add = (seen: Omit<Found, 'how'>, how: string): void => {
    const key = `${seen.kind} ${seen.serial} ${seen.form}`;
    if (!found.has(key)) found.set(key, { ...seen, how });
  };
  const looked = new Set<string>();
  let layer = text;
  for (let round = 0; round <= ROUNDS; round++) {
    const by = round === 0 ? '' : `decoded ${round}`;
    for (const seen of plainCanaries(layer, serials)) add(seen, by);
    for (const [kind, value] of literals) if (layer.includes(value)) add({ kind, serial: serials.to, form: 'raw' }, by);
    // What was not encoded is the same in the next round, and was looked into already.
    const runs = (layer.match(RUN) ?? []).filter((run) => !looked.has(run));
    for (const run of runs) looked.add(run);
    const inside = runs.map(unpacked).join('|');
    const hidden = `${by} in base64 or hex`.trim();
    for (const seen of plainCanaries(inside, serials)) add(seen, hidden);
    for (const [kind, value] of literals)
      if (inside.includes(value)) add({ kind, serial: serials.to, form: 'raw' }, hidden);
    if (digests !== undefined) {
      for (const run of runs) for (const seen of hashedCanaries(run, digests)) add(seen, by);
    }
    const next = decoded(layer);
    if (next === layer) break;
    layer = next;
  }
  return [...found.values()];
}

/** What base64, base64url and hex are made of; nine bytes, the shortest canary (an address), take twelve characters. */
const RUN = /[A-Za-z0-9+/_-]{12,}/g;
const HEX = /[0-9A-Fa-f]{18,}/g;

/** What a run says as base64 from each offset, and its hex digits from both; `|` is in no canary. */
function unpacked(run: string): string {
  let out = '';
  for (let offset = 0; offset < 4; offset++) out += `${Buffer.from(run.slice(offset), 'base64').toString('latin1')}|`;
  for (const digits of run.match(HEX) ?? []) {
    out += `${Buffer.from(digits, 'hex').toString('latin1')}|${Buffer.from(digits.slice(1), 'hex').toString('latin1')}|`;
  }
  return out;
}

const PERCENT = /%([0-9A-Fa-f]{2})/g;
const ESCAPE = /\\u([0-9A-Fa-f]{4})|&#x([0-9A-Fa-f]{1,4});|&#(\d{1,5});/g;

/** One round, byte for byte; what is no escape stays. */
function decoded(text: string): string {
  const once = text.includes('%')
    ? text.replaceAll(PERCENT, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
  if (!once.includes('\\u') && !once.includes('&#')) return once;
  return once.replaceAll(ESCAPE, (_, json?: string, hex?: string, decimal?: string) =>
    String.fromCharCode(decimal === undefined ? Number.parseInt(json ?? hex ?? '0', 16) : Number(decimal)),
  );
}

const HEX_DIGEST = /[0-9A-Fa-f]{32,}/g;
/** Digits of 16, 20 and 32 bytes, and their characters in base64 without padding. */
const HEX_LENGTHS = [32, 40, 64];
const BASE64_LENGTHS = [22, 27, 43];
const MIXED = /[a-z][^]*[A-Z]|[A-Z][^]*[a-z]/;

function* hashedCanaries(run: string, digests: () => Digests): Iterable<Omit<Found, 'how'>> {
  for (const digits of run.match(HEX_DIGEST) ?? []) {
    for (const part of parts(digits.toLowerCase(), HEX_LENGTHS)) {
      const known = digests().get(part);
      if (known !== undefined) yield known;
    }
  }
  // Without small letters and capitals it is base64 of a digest less than once in ten thousand times.
  if (run.length < 22 || !MIXED.test(run)) return;
  for (const part of parts(run, BASE64_LENGTHS)) {
    const known = digests().get(Buffer.from(part, 'base64').toString('hex'));
    if (known !== undefined) yield known;
  }
}

/** The start and the end of a run, at each length: a digest stands alone, or is joined to something on one side. */
function* parts(run: string, lengths: readonly number[]): Iterable<string> {
  for (const length of lengths) {
    if (run.length < length) return;
    yield run.slice(0, length);
    if (run.length > length) yield run.slice(-length);
  }
}
