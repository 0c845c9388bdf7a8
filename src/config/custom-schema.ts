import * as z from 'zod';
import { signalList } from './compile/signal-list.ts';

/**
 * `consent.custom`: a banner that the gateway does not support. The site describes what its cookie holds
 * (docs/custom-banners.md).
 */

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' });

const words = (help: string) => z.array(scalar).min(1, { error: 'expected at least one' }).describe(help);

const path = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'expected keys, `a.b` or `[a, b]`' })
  .transform((keys): readonly string[] => (typeof keys === 'string' ? keys.split('.') : keys));

const separator = (help: string) => z.string().min(1).max(8).optional().describe(help);

/** One banner. The linter finds contradictions in it and says where they are. */
export const customBanner = z.strictObject({
  cookie: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, { error: 'expected the name of a cookie' })
    .describe('The exact name of its cookie.'),
  encoding: z
    .union([
      z.enum(['plain', 'uri', 'base64', 'json']),
      z
        .array(z.enum(['plain', 'uri', 'base64', 'json']))
        .min(1)
        .max(2),
    ])
    .default('plain')
    .describe(
      'The encoding of the cookie: `plain`, `uri` (percent-encoded), `base64`, `json` (as it is or percent-encoded), or `[base64, json]`.',
    ),
  granted: words('Values of a flag that mean accepted; default: true.').optional(),
  refused: words('Values of a flag that mean refused; default: false. Any other value is unreadable.').optional(),
  absent: z
    .enum(['unreadable', 'refused'])
    .default('unreadable')
    .describe('The meaning of a missing flag. `refused`: for banners that store only what was accepted.'),
  value: signalList().optional().describe('The whole cookie is one choice: the signals it stands for.'),
  flags: z
    .record(z.string().min(1).max(256), signalList())
    .optional()
    .describe('The place of each flag (`a.b`: keys of JSON; else the key of an entry) -> the signals it stands for.'),
  list: z
    .strictObject({
      at: path.optional().describe('Where the list is in JSON; default: the whole cookie.'),
      names: z.record(z.string().min(1).max(256), signalList()),
    })
    .optional()
    .describe('A list of what was accepted; anything else was refused. Names, and the signals each stands for.'),
  services: z
    .strictObject({
      at: path.optional().describe('Where the object with services is in JSON; default: the whole cookie.'),
      signals: z
        .record(z.string().min(1).max(256), signalList())
        .default({})
        .describe('Services and the signals each stands for, if no flag or list has them.'),
    })
    .optional()
    .describe('Services with a flag each, as an object of JSON. A refused service closes its routes.'),
  between: separator('The separator between entries or names, if it is not JSON; default `,`.'),
  within: separator('The separator between the key of an entry and its value; default `:`.'),
  time: z
    .strictObject({ at: path, unit: z.enum(['ms', 's', 'iso']).default('ms') })
    .optional()
    .describe('The place of the time of the choice, in milliseconds, seconds, or as ISO 8601.'),
});

export type CustomBannerConfig = z.output<typeof customBanner>;
