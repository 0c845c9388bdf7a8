import { cookieValues } from '../cookie-header.ts';
import { readValue, type Platform } from '../platform.ts';
import { mute } from '../reading.ts';
import { readTcf } from '../standards/tcf.ts';
import { isoTime, percentDecoded } from '../text.ts';

const TC = 'euconsent-v2';
const ID = 'consentUUID';
const DATE = 'consentDate';

/** Sourcepoint (`consent.md` 1): the decision is in the TC string, if the property writes one; else use the bridge. */
export const sourcepoint: Platform = {
  name: 'sourcepoint',
  title: 'Sourcepoint',
  cookies: [TC, ID, DATE],
  bridged: true,
  read(found, context) {
    const id = cookieValues(found, ID)[0];
    const strings = cookieValues(found, TC);
    if (strings.length > 0) return strings.map((value) => readValue(value, (text) => readTcf(text, context, id)));
    const at = isoTime(percentDecoded(cookieValues(found, DATE)[0] ?? ''));
    return [mute(context.source, { id, at }, 'a choice that a server cannot see')];
  },
};
