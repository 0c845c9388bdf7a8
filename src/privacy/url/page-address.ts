import { isPlaceholder } from '../../core/placeholders.ts';
import { decodeOnce } from '../pii/decode.ts';

const ABSOLUTE = /^https?:/i;
/** An address that was encoded once too often. */
const ENCODED = /^(?:https?)?%/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:(?!\d{1,5}(?:[/?#]|$))/i;
const HOST = /^(?:(?:[\p{L}\p{N}_-]{1,63}\.){1,10}[\p{L}]{2,24}|\d{1,3}(?:\.\d{1,3}){3}|localhost)(?::\d{1,5})?$/u;
/** Files that look like hosts. */
const FILE = /\.(?:html?|xhtml|shtml|php\d?|aspx?|jsp|cgi|json|xml|txt|pdf|js)$/i;

/**
 * Completes a page address: a tag may send only a path, and a back end may leave the scheme out. A text with another
 * scheme, or one that cannot be completed, is returned unchanged, and the URL reader refuses it. A placeholder (the text
 * `undefined`) is no address.
 * @param origin where the page is when the address does not say it, e.g. `https://shop.example.no`.
 */
export function wholeAddress(raw: string, origin: string | undefined): string | undefined {
  if (raw.startsWith('https://') || ABSOLUTE.test(raw)) return raw;
  let text = raw.trim();
  for (let round = 0; round < 3 && ENCODED.test(text); round++) text = decodeOnce(text);
  if (isPlaceholder(text)) return undefined;
  if (ABSOLUTE.test(text) || SCHEME.test(text) || origin === undefined) return text;
  if (/^[/\\]{2}/.test(text)) return `${origin.slice(0, origin.indexOf(':') + 1)}${text}`;
  const first = text.split(/[/\\?#]/, 1)[0] ?? '';
  if (HOST.test(first) && !FILE.test(first)) return `${origin.slice(0, origin.indexOf(':') + 3)}${text}`;
  return `${origin}${/^[/\\]/.test(text) ? '' : '/'}${text}`;
}
