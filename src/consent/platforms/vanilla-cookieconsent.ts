import { asCount, asJsonObject, asString, asStrings, type Json, type JsonObject } from '../json.ts';
import { chosen, jsonObject, listed, perObject, signalsOfName, type Platform } from '../platform.ts';
import { listedServices } from '../service-marks.ts';
import { lapsed, unreadable } from '../reading.ts';
import { isoTime, unixTime } from '../text.ts';

/**
 * CookieConsent by Orest Bida, versions 2 and 3 (`consent.md` 1): a list of accepted categories, and in version 3
 * for each category of the site the services that are allowed in it.
 */
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
      until: unixTime(asCount(root.get('expirationTime')), 1),
    };
    const accepted = acceptedIn(root);
    const lists = root.has('services') ? servicesIn(root.get('services')) : new Map();
    if (accepted === undefined || lists === undefined) return unreadable(source);
    const marks = listedServices(lists, accepted, context, {
      marks: (inner) => listed(accepted, inner, true),
      signalsOf: (category) => signalsOfName(category, context, true),
      absentIsService: lists.size > 0,
    });
    const found = chosen(source, marks, facts);
    const current = revision === undefined || (asCount(root.get('revision')) ?? -1) >= revision;
    return current ? found : lapsed(found, 'given to an earlier revision of the text');
  }),
};

/** The accepted categories. Late versions 2 wrote them under both names; what is not under both was not accepted. */
function acceptedIn(root: JsonObject): readonly string[] | undefined {
  const lists = ['categories', 'level'].filter((key) => root.has(key)).map((key) => asStrings(root.get(key)));
  const [first, second] = lists;
  if (first === undefined || lists.includes(undefined)) return undefined;
  return second === undefined ? first : first.filter((category) => second.includes(category));
}

/** Category -> its services; undefined where it is anything else. Nothing, and a list of nothing, has none. */
function servicesIn(services: Json | undefined): ReadonlyMap<string, readonly string[]> | undefined {
  const lists = new Map<string, readonly string[]>();
  if (services === null || (Array.isArray(services) && services.length === 0)) return lists;
  const object = asJsonObject(services);
  if (object === undefined) return undefined;
  for (const [category, list] of object) {
    const names = asStrings(list);
    if (names === undefined) return undefined;
    lists.set(category, names);
  }
  return lists;
}

function versionOf(revision: Json | undefined): string | undefined {
  return typeof revision === 'number' ? String(revision) : undefined;
}
