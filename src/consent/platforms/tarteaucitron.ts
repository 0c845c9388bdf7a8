import { chosen, perCookie, services, type Platform } from '../platform.ts';
import { noChoice, unreadable } from '../reading.ts';
import { percentDecoded } from '../text.ts';

/** tarteaucitron (`consent.md` 1): `!service=true!service=wait`; the services are the site's choice. */
export const tarteaucitron: Platform = {
  name: 'tarteaucitron',
  title: 'tarteaucitron.js',
  cookies: ['tarteaucitron'],
  needsMapping: true,
  read: perCookie((value, context) => {
    const { source, purposes } = context;
    const text = percentDecoded(value);
    if (text === undefined || !text.startsWith('!')) return unreadable(source);
    const flags: (readonly [string, boolean])[] = [];
    let answered = false;
    for (const pair of text.slice(1).split('!')) {
      const equals = pair.indexOf('=');
      const service = pair.slice(0, equals);
      const state = pair.slice(equals + 1);
      if (equals === -1 || (state !== 'true' && state !== 'false' && state !== 'wait')) continue;
      flags.push([service, state === 'true']);
      answered ||= state !== 'wait' && (purposes === undefined || purposes.has(service));
    }
    if (flags.length === 0 && text.length > 1) return unreadable(source);
    if (!answered) return noChoice(source, {}, 'no choice yet', services(flags, context).off);
    return chosen(source, services(flags, context));
  }),
};
