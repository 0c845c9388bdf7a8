import { z } from 'zod';

/** What Google's and others' ids begin with, and what they are: people paste one where another is meant. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^GTM-/i, 'the id of a Tag Manager container'],
  [/^UA-/i, 'the id of a Universal Analytics property, which Google switched off in 2023'],
  [/^AW-/i, 'the id of a Google Ads tag'],
  [/^DC-/i, 'the id of a Floodlight tag (Campaign Manager 360)'],
  [/^GT-/i, 'the id of a Google tag that several products share'],
  [/^G-/i, 'the measurement id of a GA4 web data stream'],
  [/^EAA[A-Za-z0-9]{20}/, 'an access token of Meta, which belongs into `access_token` as ${ENV_NAME}'],
];

/**
 * A setting that holds an id of one form. An id of another kind is named, so that the person who pasted it knows which
 * one to look for.
 * @param expected what is expected and where it is found; completes "expected ...".
 */
export function idText(pattern: RegExp, expected: string) {
  return z
    .string({ error: `expected ${expected}` })
    .superRefine((text, context) => {
      if (pattern.test(text)) return;
      const trimmed = text.trim();
      const kind = KINDS.find(([start]) => start.test(trimmed))?.[1];
      const mended = [trimmed, trimmed.toUpperCase()].find((candidate) => pattern.test(candidate));
      context.addIssue({
        code: 'custom',
        message:
          mended === undefined && kind !== undefined ? `this is ${kind}; expected ${expected}` : `expected ${expected}`,
        ...(mended !== undefined && { params: { instead: mended } }),
      });
    })
    .meta({ pattern: pattern.source });
}
