import * as z from 'zod';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** Two labels or more. The last one is no number, because every spelling of an IPv4 address ends in a number. */
const NAME = new RegExp(`^(?=.{4,253}$)(?:${LABEL}\\.)+(?!\\d+$)(?!0x)${LABEL}$`);
/** Endings of names that are reserved for this machine or the local network. No vendor has such a name. */
const LOCAL = /\.(?:localhost|local|internal|invalid|onion|home\.arpa)$/;

const EXPECTED =
  'expected the name of a public host alone, in lower case, e.g. collect.example.com: without https://, port and path, and no address';

/**
 * A setting that says which host a route sends to. Whether the name leads to a public address is checked at each
 * connection, because the answer for a name can change (`destinations/http.md` 4). A destination with such a setting
 * says who gets its events (`DestinationSpec.recipient`). Add the description with `.describe()`.
 */
export function host() {
  return z
    .string({ error: EXPECTED })
    .superRefine((text, context) => {
      if (isHostName(text)) return;
      const meant = hostIn(text);
      context.addIssue({
        code: 'custom',
        message: EXPECTED,
        ...(meant !== undefined && { params: { instead: meant } }),
      });
    })
    .meta({ host: true });
}

/** A name that can be looked up and could belong to a vendor. */
function isHostName(text: string): boolean {
  return NAME.test(text) && !LOCAL.test(text);
}

/** Finds the host in a pasted text: the address of a page, or a name in other letters. */
function hostIn(text: string): string | undefined {
  const url = text.trim().includes('://') ? text.trim() : `https://${text.trim()}`;
  if (text.length > 2_000 || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return port === '' && isHostName(hostname) ? hostname : undefined;
}
