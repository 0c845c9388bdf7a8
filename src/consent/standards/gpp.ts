import { AD_SIGNALS } from '../../core/signals.ts';
import type { Cookies } from '../cookie-header.ts';
import { FUNDING_CHOICES, fundingChoices } from '../platforms/funding-choices.ts';
import { decodeGppString, decodeUsSection } from './gpp-string.ts';
import type { Context, Platform } from '../platform.ts';
import { restriction } from '../reading.ts';
import { readTcf } from './tcf.ts';
import { isNothing, readLayers } from '../text.ts';
import type { Reading } from '../types.ts';
import { decodeUsPrivacy, doubtful, notOptedOut, optedOut, readUsPrivacy } from './us-privacy.ts';

const TCF_EU = 2;
const US_PRIVACY = 6;

/**
 * IAB GPP: section 2 is a TC string. The US sections can only take away (R91): on every site what they plainly state, and
 * where the site lists the platform also what may be a refusal.
 */
export const gpp: Platform = {
  name: 'gpp',
  title: 'IAB GPP',
  fixed: true,
  cookies: ['OTGPPConsent', 'IABGPP_HDR_GppString', FUNDING_CHOICES],
  always: true,
  read: (found: Cookies, context: Context) =>
    found.values.flatMap((value, i) =>
      found.names[i] === FUNDING_CHOICES ? optOutsIn(value, context) : readGpp(value, context),
    ),
};

function readGpp(value: string, context: Context): readonly Reading[] {
  if (isNothing(value)) return [];
  const sections = readLayers(value, 0, decodeGppString, (decoded) => decoded !== undefined);
  if (sections === undefined) return [doubtful(context, 'cannot be read')];
  const readings: Reading[] = [];
  for (const [id, text] of sections) {
    if (id !== TCF_EU) readings.push(readUsSection(id, text, context));
    else if (context.readsTcf) readings.push(readTcf(text, context));
  }
  return readings;
}

/** The opt-outs of GPP strings among the texts of Funding Choices. */
function optOutsIn(value: string, context: Context): readonly Reading[] {
  const texts = fundingChoices(value)?.texts ?? [];
  const readings = texts.flatMap((text) => [...(decodeGppString(text) ?? [])]);
  return readings
    .filter(([id]) => id !== TCF_EU)
    .map(([id, text]) => readUsSection(id, text, context))
    .filter(({ refused }) => refused !== 0);
}

/** What a GPP string inside another record takes away. Its section of the TCF is left to that record. */
export function takenByGpp(text: string, context: Context): readonly Reading[] {
  if (isNothing(text)) return [];
  const sections = decodeGppString(text);
  if (sections === undefined) return [doubtful(context, 'a GPP string that cannot be read')];
  return [...sections]
    .filter(([id]) => id !== TCF_EU)
    .map(([id, section]) => readUsSection(id, section, context))
    .filter(({ refused, withheld }) => (refused | withheld) !== 0);
}

/** A section of the United States. An unknown or unreadable one may hold a refusal. */
export function readUsSection(id: number, text: string, context: Context): Reading {
  const { source, listed } = context;
  if (id === US_PRIVACY) {
    const flags = decodeUsPrivacy(text);
    return flags === undefined ? doubtful(context, 'cannot be read') : readUsPrivacy(flags, context);
  }
  const section = decodeUsSection(id, text);
  if (section === undefined) return doubtful(context, 'an unknown or malformed section');
  if (section.optOuts.includes(1) || section.gpc) return optedOut(source);
  if (section.optOuts.includes(3) && listed) {
    return restriction(source, 'none', 0, AD_SIGNALS, 'an opt-out with no known value');
  }
  return notOptedOut(context);
}
