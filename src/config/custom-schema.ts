import * as z from 'zod';
import { signalList } from './compile/signal-list.ts';

/**
 * `consent.custom`: a banner that the gateway does not know. The site describes what its cookie holds
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
      'How the cookie is written: `plain`, `uri` (percent-encoded), `base64`, `json` (as it is or percent-encoded), or `[base64, json]`.',
    ),
  granted: words('What a flag is when it was accepted; default: true.').optional(),
  refused: words('What a flag is when it was refused; default: false. Anything else is unreadable.').optional(),
  absent: z
    .enum(['unreadable', 'refused'])
    .default('unreadable')
    .describe('What a flag means that is not there: `refused`, for banners that write down only what was accepted.'),
  value: signalList().optional().describe('The whole cookie is one choice: what it stands for.'),
  flags: z
    .record(z.string().min(1).max(256), signalList())
    .optional()
    .describe('Where each flag is (`a.b`: keys of JSON; else the key of an entry), and the signals it stands for.'),
  list: z
    .strictObject({
      at: path.optional().describe('Where the list is in JSON; default: the whole cookie.'),
      names: z.record(z.string().min(1).max(256), signalList()),
    })
    .optional()
    .describe('What was accepted is listed, anything else was refused: names, and the signals each stands for.'),
  services: z
    .strictObject({
      at: path.optional().describe('Where the object with services is in JSON; default: the whole cookie.'),
      signals: z
        .record(z.string().min(1).max(256), signalList())
        .default({})
        .describe('Services and the signals each stands for, where no flag or list says so.'),
    })
    .optional()
    .describe('Services with a flag each, as an object of JSON: one that was refused closes its routes.'),
  between: separator('What stands between entries or names, without JSON; default `,`.'),
  within: separator('What stands between the key of an entry and its value; default `:`.'),
  time: z
    .strictObject({ at: path, unit: z.enum(['ms', 's', 'iso']).default('ms') })
    .optional()
    .describe('Where the time of the choice is, in milliseconds, seconds, or as ISO 8601.'),
});

export type CustomBannerConfig = z.output<typeof customBanner>;
