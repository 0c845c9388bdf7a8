import * as z from 'zod';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** Two labels or more, the last one no number: an IPv4 address in any of its spellings ends in a number. */
const NAME = new RegExp(`^(?=.{4,253}$)(?:${LABEL}\\.)+(?!\\d+$)(?!0x)${LABEL}$`);
/** Ends of names that are set aside for this machine or the own network: no vendor is there. */
const LOCAL = /\.(?:localhost|local|internal|invalid|onion|home\.arpa)$/;

const EXPECTED =
  'expected the name of a public host alone, in lower case, e.g. collect.example.com: without https://, port and path, and no address';

/**
 * A setting that says which host a route sends to. Whether the name leads to a public address is looked at when a
 * connection is made: what a name says today it may not say tomorrow (`destinations/http.md` 4). A destination with one
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

/** A name that the resolver is asked for, and that could be a vendor's. */
export function isHostName(text: string): boolean {
  return NAME.test(text) && !LOCAL.test(text);
}

/** The host in what was pasted: an address of a page, or a name in other letters. */
function hostIn(text: string): string | undefined {
  const url = text.trim().includes('://') ? text.trim() : `https://${text.trim()}`;
  if (text.length > 2_000 || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return port === '' && isHostName(hostname) ? hostname : undefined;
}
