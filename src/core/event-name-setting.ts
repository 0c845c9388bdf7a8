import * as z from 'zod';

/**
 * The name of an event as a key or a value of the configuration: 1 to 40 characters of any language. What the linter
 * says about it rests on the mark: a name that resembles one of GA4's is most likely that one mistyped.
 */
export function eventNameSetting() {
  return z
    .string()
    .regex(/^[^\p{Cc}]{1,40}$/u, 'expected the name of an event, 1 to 40 characters')
    .meta({ event: true });
}
