import { asJsonObject, parseCookieJson, type Json } from '../json.ts';
import { chosen, listed, perCookie, signalsOfName, type Platform } from '../platform.ts';
import { listedServices } from '../service-marks.ts';
import { unreadable } from '../reading.ts';
import { digitsTime, percentDecoded } from '../text.ts';

/**
 * Of each language of a site its own, in early versions without a version and a path, the colons percent-encoded by some
 * servers; what stands behind it (`-tcf`, `-gcm`) are other cookies.
 */
const RECORD = {
  name: 'real_cookie_banner-*',
  is: /^real_cookie_banner-(?:v(?::|%3[Aa])\d{1,4}_)?blog(?::|%3[Aa])\d{1,9}(?:_path(?::|%3[Aa])[0-9A-Za-z]{1,40})?(?:-lang(?::|%3[Aa])[A-Za-z_-]{1,12})?$/,
};

/**
 * Real Cookie Banner (`consent.md` 1): `time:uuid:hash:{"group":[services]}`; groups and services are numbers of
 * the site's own.
 */
export const realCookieBanner: Platform = {
  name: 'real-cookie-banner',
  title: 'Real Cookie Banner',
  cookies: [RECORD],
  needsMapping: true,
  read: perCookie((value, context) => {
    const text = percentDecoded(value) ?? '';
    const brace = text.indexOf('{');
    const [time, id] = text.slice(0, Math.max(brace, 0)).split(':', 4);
    const groups = brace === -1 ? undefined : asJsonObject(parseCookieJson(text.slice(brace)));
    if (groups === undefined) return unreadable(context.source);
    const lists = new Map([...groups].map(([group, services]) => [group, servicesIn(services)] as const));
    const accepted = [...lists].filter(([, services]) => services.length > 0).map(([group]) => group);
    const marks = listedServices(lists, accepted, context, {
      marks: (inner) => listed(accepted, inner),
      signalsOf: (group) => signalsOfName(group, context, false),
      absentIsService: false,
    });
    return chosen(context.source, marks, { at: digitsTime(time, 1000), id: id === '' ? undefined : id });
  }),
};

function servicesIn(services: Json): readonly string[] {
  return Array.isArray(services) ? services.map((service) => String(service)) : [];
}
