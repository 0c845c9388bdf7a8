import * as z from 'zod';

/**
 * The name of an event as a key or a value of the configuration: 1 to 40 characters of any language. The mark tells the
 * linter that the text is an event name: a name that resembles one of GA4's is most likely a typing mistake.
 */
export function eventNameSetting() {
  return z
    .string()
    .regex(/^[^\p{Cc}]{1,40}$/u, 'expected the name of an event, 1 to 40 characters')
    .meta({ event: true });
}

/**
 * What a vendor calls an event: 1 to 50 characters, or null for no event. The vendor takes any name, and has a use of its
 * own for `standard` ones; the linter warns of a name that only resembles one of them.
 */
export function vendorEventSetting(standard: readonly string[]) {
  return z
    .union([z.string().min(1).max(50), z.null()], { error: 'a name of at most 50 characters, or null' })
    .meta({ standard });
}
