import { asObject, parseJson } from './json.ts';
import { listed, perCookie, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';
import { digitsTime, percentDecoded } from './text.ts';

/** Real Cookie Banner (`consent/README.md` 1): `time:uuid:hash:{"group":[services]}`; the groups are the site's own. */
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
    const accepted = [...groups].filter(([, services]) => Array.isArray(services) && services.length > 0);
    const { on, off } = listed(
      accepted.map(([group]) => group),
      context,
    );
    return choice(context.source, on, off, { at: digitsTime(time, 1000), id: id === '' ? undefined : id });
  }),
};
