import type { FullView } from './reads.ts';
import { plainCountry, plainPlace, plainPostalCode } from './user-data.ts';

/** `user_data` of the Measurement Protocol (`destinations/ga4.md` 2.6). */
interface ProvidedData {
  readonly sha256_email_address: readonly string[] | undefined;
  readonly sha256_phone_number: readonly string[] | undefined;
  readonly address: readonly Address[] | undefined;
}

type Address = { readonly [K in (typeof PARTS)[keyof typeof PARTS]]?: string | undefined };

/** Parts of an address in `em` (`destinations/ga4.md` 3.8), by their names here. */
const PARTS = {
  fn: 'sha256_first_name',
  ln: 'sha256_last_name',
  sa: 'sha256_street',
  ct: 'city',
  rg: 'region',
  pc: 'postal_code',
  co: 'country',
} as const;

/** What stands in the clear, as the protocol wants it. */
const CLEAR: Readonly<Record<string, (text: string) => string | undefined>> = {
  ct: plainPlace,
  rg: plainPlace,
  pc: plainPostalCode,
  co: plainCountry,
};

/**
 * User-provided data: the view holds hashes already, of the fields and in the form of the tag. An address without a name
 * could match nobody.
 */
export function providedData(view: FullView): ProvidedData | undefined {
  const given = taggedData(view.google_user_data);
  const emails = listOf(view.email, given.emails);
  const phones = listOf(view.phone ?? view.phone_sha256, given.phones);
  const addresses = listOf(addressOf(view), given.addresses).filter(isNamed);
  if (emails.length + phones.length + addresses.length === 0) return undefined;
  return {
    sha256_email_address: emails.length === 0 ? undefined : emails,
    sha256_phone_number: phones.length === 0 ? undefined : phones,
    address: addresses.length === 0 ? undefined : addresses,
  };
}

function addressOf(view: FullView): Address {
  return {
    sha256_first_name: view.first_name,
    sha256_last_name: view.last_name,
    sha256_street: view.street,
    city: view.city,
    region: view.region,
    postal_code: view.postal_code,
    country: view.user_country,
  };
}

function isNamed({ sha256_first_name, sha256_last_name }: Address): boolean {
  return sha256_first_name !== undefined || sha256_last_name !== undefined;
}

function listOf<T>(one: T | undefined, more: readonly T[]): readonly T[] {
  return one === undefined ? more : [...new Set([one, ...more])];
}

interface Tagged {
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  readonly addresses: readonly Address[];
}

const NONE: Tagged = { emails: [], phones: [], addresses: [] };
const HASH = /^[0-9a-f]{64}$/;

/** Takes `em` apart; it has been reduced to what it is meant to be. Hashes in another form than hex are left out. */
function taggedData(em: string | undefined): Tagged {
  if (em === undefined) return NONE;
  const emails: string[] = [];
  const phones: string[] = [];
  const addresses = new Map<string, Record<string, string>>();
  for (const part of em.split('~').slice(1)) {
    const dot = part.indexOf('.');
    const key = part.slice(0, 2);
    const value = part.slice(dot + 1);
    if (key === 'em' || key === 'pn') {
      if (HASH.test(value)) (key === 'em' ? emails : phones).push(value);
      continue;
    }
    const name = (PARTS as Readonly<Record<string, string>>)[key];
    const kept = CLEAR[key] === undefined ? (HASH.test(value) ? value : undefined) : CLEAR[key](value);
    if (name === undefined || kept === undefined) continue;
    const number = part.slice(2, dot);
    const address = addresses.get(number) ?? {};
    address[name] = kept;
    addresses.set(number, address);
  }
  return { emails, phones, addresses: [...addresses.values()] };
}
