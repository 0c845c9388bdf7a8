import * as z from 'zod';
import type { Visitor } from './hit.ts';
import { text } from './json-parts.ts';

const MAX_COOKIE_HEADER = 32 * 1024;

/** The header as a text, or the list of `name=value` into which some servers split it. */
const cookieHeader = z
  .union([z.string(), z.array(z.string()).transform((pairs) => pairs.join('; '))], {
    error: 'expected the Cookie header as a text, or a list of `name=value`',
  })
  .transform((value) => unwrapped(value.toWellFormed()))
  .refine((value) => value.length <= MAX_COOKIE_HEADER, { error: `expected at most ${MAX_COOKIE_HEADER} characters` })
  .refine((value) => value.includes('=') || value.trim() === '', {
    error: 'expected cookies, `name=value; name=value`',
  });

/** Without the header's name, and without the percent-encoding of a query or form around the whole. */
function unwrapped(header: string): string {
  const bare = header.replace(/^\s{0,8}cookie:/i, '');
  if (bare.includes('=') || !/%3d/i.test(bare) || bare.length > 3 * MAX_COOKIE_HEADER) return bare;
  try {
    return decodeURIComponent(bare)
      .replace(/^\s{0,8}cookie:/i, '')
      .toWellFormed();
  } catch {
    return bare;
  }
}

/** What a back end states of the visitor (design 3a); `cookies` is the visitor's Cookie header as it was received. */
export const visitor = z.strictObject({
  cookies: cookieHeader.nullish(),
  client_id: text().nullish(),
  session_id: text().nullish(),
  ip: text().nullish(),
  user_agent: text().nullish(),
  gpc: z
    .union([z.boolean(), z.literal([0, 1]), z.string().regex(/^[01, ]{0,16}$/)], {
      error: "expected true or false, or the header's own value",
    })
    .nullish(),
});

/** A visitor of whom nothing is known, so everything is denied. */
export const NOBODY: Visitor = {
  cookies: '',
  gpc: false,
  userAgent: undefined,
  address: undefined,
  country: undefined,
  clientId: undefined,
  sessionId: undefined,
};

/** The visitor that a back end states. */
export function statedVisitor(stated: z.output<typeof visitor> | null | undefined): Visitor {
  if (stated == null) return NOBODY;
  return {
    cookies: stated.cookies ?? '',
    // The header may be empty, or have come twice and be joined; one copy that objects is enough.
    gpc: stated.gpc === true || String(stated.gpc ?? '').includes('1'),
    userAgent: stated.user_agent ?? undefined,
    address: stated.ip ?? undefined,
    country: undefined,
    clientId: stated.client_id ?? undefined,
    sessionId: stated.session_id ?? undefined,
  };
}
