import { asObject, parseJson, type Json } from './json.ts';
import { chosen, listed, listedServices, perCookie, signalsOfName, type Platform } from './platform.ts';
import { unreadable } from './reading.ts';
import { digitsTime, percentDecoded } from './text.ts';

/**
 * Real Cookie Banner (`consent/README.md` 1): `time:uuid:hash:{"group":[services]}`; groups and services are numbers of
 * the site's own.
 */
export const realCookieBanner: Platform = {
  name: 'real-cookie-banner',
  title: 'Real Cookie Banner',
  cookies: ['real_cookie_banner-v:*'],
  needsMapping: true,
  read: perCookie((value, context) => {
    const text = percentDecoded(value) ?? '';
    const brace = text.indexOf('{');
    const [time, id] = text.slice(0, Math.max(brace, 0)).split(':', 4);
    const groups = brace === -1 ? undefined : asObject(parseJson(text.slice(brace)));
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
