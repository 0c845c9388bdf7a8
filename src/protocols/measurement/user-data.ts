import { asObject } from '../../core/reply.ts';
import { sha256Of } from '../../core/user-data.ts';
import type { Remarks } from './remarks.ts';

/** Hashes of each kind that are taken (`destinations/ga4.md` 2.6 has a list of them). */
const MOST = 3;

/** Parts of an address, by their names there and in the tag's `em` (`destinations/ga4.md` 3.8). */
const HASHED = [
  ['sha256_first_name', 'fn'],
  ['sha256_last_name', 'ln'],
  ['sha256_street', 'sa'],
] as const;
const CLEAR = [
  ['city', 'ct'],
  ['region', 'rg'],
  ['postal_code', 'pc'],
  ['country', 'co'],
] as const;

const NO_HASH = 'expected SHA-256 in hex, 64 digits: it is left out';

/**
 * `user_data` in the form in which tags send it (`em`): normalised and hashed as Google demands, so only Google's routes
 * get it. A value that should be a hash and has not the form of one is left out, because it may be the raw value.
 * Undefined = nothing.
 */
export function readUserData(value: unknown, about: Remarks): string | undefined {
  if (value === undefined || value === null) return undefined;
  const data = asObject(value);
  if (data === undefined) {
    about.add(['user_data'], 'VALUE_INVALID', 'expected an object: it is left out');
    return undefined;
  }
  const parts: string[] = [];
  for (const [name, key] of [
    ['sha256_email_address', 'em'],
    ['sha256_phone_number', 'pn'],
  ] as const) {
    for (const one of listOf(data[name]).slice(0, MOST)) {
      const hash = hashOf(one, ['user_data', name], about);
      if (hash !== undefined) parts.push(`${key}.${hash}`);
    }
  }
  for (const [i, one] of listOf(data['address']).slice(0, MOST).entries()) {
    parts.push(...addressParts(asObject(one) ?? {}, i, about));
  }
  return parts.length === 0 ? undefined : `tv.1~${parts.join('~')}`;
}

function addressParts(address: Readonly<Record<string, unknown>>, i: number, about: Remarks): string[] {
  const parts: string[] = [];
  for (const [name, key] of HASHED) {
    const hash = hashOf(address[name], ['user_data', 'address', i, name], about);
    if (hash !== undefined) parts.push(`${key}${i}.${hash}`);
  }
  for (const [name, key] of CLEAR) {
    const text = address[name];
    if (typeof text === 'string' && text !== '' && !/[~@]/.test(text)) parts.push(`${key}${i}.${text.toWellFormed()}`);
  }
  return parts;
}

function hashOf(value: unknown, path: readonly PropertyKey[], about: Remarks): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const hash = typeof value === 'string' ? sha256Of(value) : undefined;
  if (hash === undefined) about.add(path, 'VALUE_INVALID', NO_HASH);
  return hash;
}

/** One or several. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}
