import * as z from 'zod';

/** How ids of Google and others begin, and which ids they are: people paste one kind where another is meant. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^GTM-/i, 'the id of a Tag Manager container'],
  [/^UA-/i, 'the id of a Universal Analytics property, which Google switched off in 2023'],
  [/^AW-/i, 'the id of a Google Ads tag'],
  [/^DC-/i, 'the id of a Floodlight tag (Campaign Manager 360)'],
  [/^GT-/i, 'the id of a Google tag that several products share'],
  [/^G-[A-Z0-9]+$/i, 'the measurement id of a GA4 web data stream'],
  [/^act_\d/i, 'the id of an ad account'],
  [/^(?:ca-)?pub-\d/i, 'the id of an AdSense publisher'],
  [/^OPT-/i, 'the id of a container of Google Optimize, which Google switched off in 2023'],
  [/^MC-/i, 'the id of a Merchant Center account'],
  [/^_linkedin_partner_id/i, "the partner id of LinkedIn's tag in the browser"],
  [/^TT-|^C[A-Z0-9]{19}$/, 'the id of a TikTok pixel'],
  [/^EAA[A-Za-z0-9]{20}/, 'an access token of Meta, which belongs into `access_token` as ${ENV_NAME}'],
];

/** What examples have where an id belongs: `G-XXXXXXXXXX`. */
const UNFILLED = /^(?:[A-Z]{1,3}-)?X{4,}$/i;

/**
 * A setting that holds an id of one form. The error names the kind of a wrong id, so that the person who pasted it
 * has the id to look for.
 * @param expected which id is expected and where to find it; completes "expected ...".
 */
export function idText(pattern: RegExp, expected: string) {
  return z
    .string({ error: `expected ${expected}` })
    .superRefine((text, context) => {
      if (UNFILLED.test(text)) {
        const message = `this is the placeholder of an example; expected ${expected}`;
        context.addIssue({ code: 'custom', message });
        return;
      }
      if (pattern.test(text)) return;
      const trimmed = text.trim();
      const kind = isPropertyNumber(trimmed, pattern)
        ? 'the number of a GA4 property or data stream'
        : KINDS.find(([start]) => start.test(trimmed))?.[1];
      const mended = meantIds(trimmed).find((candidate) => pattern.test(candidate));
      context.addIssue({
        code: 'custom',
        message:
          mended === undefined && (kind ?? nameLike(trimmed)) !== undefined
            ? `this is ${kind ?? 'a name, not an id'}; expected ${expected}`
            : `expected ${expected}`,
        ...(mended !== undefined && { params: { instead: mended } }),
      });
    })
    .meta({ pattern: pattern.source });
}

/** Finds the id in a pasted text: an address, other separators, letters before the id. */
function meantIds(text: string): string[] {
  const upper = text.toUpperCase();
  const lettered = upper.split(/[^A-Z0-9-]+/).filter((piece) => /[A-Z]/.test(piece));
  const digits = /^(?:UET-?|ti=|ctId=|urn:[\w:]*:)?([\d\s-]{1,24})$/i.exec(text)?.[1]?.replaceAll(/\D/g, '') ?? '';
  return [
    text,
    upper,
    upper.replaceAll(/[\s_]+/g, '-'),
    upper.replaceAll(/\s+/g, ''),
    ...(lettered.length <= 8 ? lettered : []),
    digits,
  ];
}

/** Words in place of an id: labels that the vendor's page shows beside the id. */
function nameLike(text: string): true | undefined {
  return /^\p{L}{2,}(?: [\p{L}\d]+)+$/u.test(text) ? true : undefined;
}

/**
 * A number that is an id of another kind: GA4 shows numbers beside its measurement ids, and ids of Meta, LinkedIn and
 * Microsoft are numbers.
 */
function isPropertyNumber(text: string, pattern: RegExp): boolean {
  return pattern.test('G-XXXXXXXXXX') && /^(?:properties\/)?\d{6,12}$/.test(text);
}
