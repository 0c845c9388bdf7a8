import { AD_SIGNALS } from '../core/signals.ts';
import type { Cookies } from './cookie-header.ts';
import { decodeGppString, decodeUsSection } from './gpp-string.ts';
import type { Context, Platform } from './platform.ts';
import { restriction, unreadable } from './reading.ts';
import { readTcf } from './tcf.ts';
import type { Reading } from './types.ts';
import { decodeUsPrivacy, notOptedOut, optedOut, readUsPrivacy } from './us-privacy.ts';

const TCF_EU = 2;
const US_PRIVACY = 6;

/** IAB GPP: section 2 is a TC string; the US sections can only take away (R91). */
export const gpp: Platform = {
  name: 'gpp',
  title: 'IAB GPP',
  cookies: ['OTGPPConsent', 'IABGPP_HDR_GppString'],
  always: true,
  read: (found: Cookies, context: Context) => found.values.flatMap((value) => readGpp(value, context)),
};

function readGpp(value: string, context: Context): readonly Reading[] {
  const sections = decodeGppString(value);
  if (sections === undefined) return [unreadable(context.source)];
  const readings: Reading[] = [];
  for (const [id, text] of sections) {
    if (id !== TCF_EU) readings.push(readUsSection(id, text, context));
    else if (context.readsTcf) readings.push(readTcf(text, context));
  }
  return readings;
}

/** A section of the United States. What is not one, or cannot be read, may hold a refusal: everything is withheld. */
function readUsSection(id: number, text: string, context: Context): Reading {
  const { source, honourGpc } = context;
  if (id === US_PRIVACY) {
    const flags = decodeUsPrivacy(text);
    return flags === undefined ? unreadable(source) : readUsPrivacy(flags, context);
  }
  const section = decodeUsSection(id, text);
  if (section === undefined) return unreadable(source, {}, 'an unknown or malformed section');
  if (section.optOuts.includes(1) || (section.gpc && honourGpc)) return optedOut(source);
  if (section.optOuts.includes(3)) return restriction(source, 'none', 0, AD_SIGNALS, 'an opt-out with no known value');
  return notOptedOut(context);
}
