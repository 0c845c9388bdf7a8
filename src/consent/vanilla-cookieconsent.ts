import { asNumber, asString, asStrings, type Json } from './json.ts';
import { jsonObject, listed, perObject, type Platform } from './platform.ts';
import { choice, lapsed, unreadable } from './reading.ts';
import { isoTime, unixTime } from './text.ts';

/** CookieConsent by Orest Bida, versions 2 and 3 (`consent/README.md` 1): a list of accepted categories. */
export const vanillaCookieconsent: Platform = {
  name: 'vanilla-cookieconsent',
  title: 'CookieConsent (vanilla-cookieconsent)',
  cookies: ['cc_cookie'],
  read: perObject(jsonObject, (root, context) => {
    const { source, revision } = context;
    const facts = {
      at: isoTime(asString(root.get('lastConsentTimestamp') ?? root.get('last_consent_update'))),
      id: asString(root.get('consentId') ?? root.get('consent_uuid')),
      version: versionOf(root.get('revision')),
      until: unixTime(asNumber(root.get('expirationTime')), 1),
    };
    const accepted = asStrings(root.get('categories') ?? root.get('level'));
    if (accepted === undefined) return unreadable(source);
    const { on, off } = listed(accepted, context, true);
    const found = choice(source, on, off, facts);
    const current = revision === undefined || (asNumber(root.get('revision')) ?? -1) >= revision;
    return current ? found : lapsed(found, 'given to an earlier revision of the text');
  }),
};

function versionOf(revision: Json | undefined): string | undefined {
  return typeof revision === 'number' ? String(revision) : undefined;
}
