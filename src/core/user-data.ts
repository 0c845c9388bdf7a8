import { INVISIBLE } from './invisible.ts';
import { sha256Hex } from './hash.ts';

const HEX64 = /^[0-9a-f]{64}$/i;

/** A SHA-256 in hex, in lower case; undefined = the text is none. */
export function sha256Of(text: string): string | undefined {
  const hash = text.trim();
  return HEX64.test(hash) ? hash.toLowerCase() : undefined;
}

/**
 * Hashes the normalised value, to lower-case hex. A value that is a SHA-256 already is only lower-cased. Undefined or
 * an empty text from `normalise` = unusable.
 */
export function hashed(normalise: (value: string) => string | undefined): (value: string) => string | undefined {
  return (value) => {
    const hash = sha256Of(value);
    if (hash !== undefined) return hash;
    const normal = normalise(value.trim());
    return normal === undefined || normal === '' ? undefined : sha256Hex(normal);
  };
}

/** The longest e-mail address that can receive mail (RFC 5321 4.5.3.1). */
const LONGEST_ADDRESS = 320;

/** The two parts of an e-mail address, in lower case. */
export interface EmailAddress {
  readonly local: string;
  readonly domain: string;
}

/** Characters around or between addresses that are part of no address. */
const FOREIGN = /[\s()<>[\]:;,"\\]/;

/** The address in the text of a form or a link, in lower case: `Kari <kari@example.no>`, `mailto:kari@example.no`. */
export function bareAddress(raw: string): string {
  let text = raw.replace(INVISIBLE, '').trim();
  if (text.endsWith('>')) text = text.slice(text.lastIndexOf('<') + 1, -1);
  if (/^mailto:/i.test(text)) text = text.slice('mailto:'.length).split('?', 1)[0] ?? '';
  return text.trim().toLowerCase();
}

/**
 * Splits an e-mail address: some text before its only `@`, and a host with a dot, no blanks. Any other text (`null`,
 * `kari@localhost`, `a@b@c.no`, two addresses) is undefined, because its hash could match nobody.
 */
export function emailAddress(raw: string): EmailAddress | undefined {
  const text = bareAddress(raw);
  const at = text.indexOf('@');
  if (at < 1 || text.length > LONGEST_ADDRESS || FOREIGN.test(text)) return undefined;
  const domain = text.slice(at + 1);
  const labels = domain.split('.');
  if (domain.includes('@') || labels.length < 2 || labels.includes('')) return undefined;
  return { local: text.slice(0, at), domain };
}
