import { BIT, NO_SIGNALS, type SignalMask } from '../../core/signals.ts';
import { UNANSWERED } from '../narrowing.ts';
import { chosen, perCookie, type Platform } from '../platform.ts';
import { noChoice, unreadable } from '../reading.ts';
import { services } from '../service-marks.ts';
import { percentDecoded } from '../text.ts';

/** Whom the signals of Google's consent mode are about (`DestinationSpec.vendor`). */
const VENDOR = 'Google';

/** Its services that stand for signals of Google's consent mode (`tarteaucitron.services.js`, 1.34.0). */
const CONSENT_MODE: ReadonlyMap<string, SignalMask> = new Map([
  ['gcmanalyticsstorage', BIT.analytics_storage],
  ['gcmadstorage', BIT.ad_storage],
  ['gcmadsuserdata', BIT.ad_user_data | BIT.ad_personalization],
  // Added by the library where `googleads` is among the services.
  ['gcmads', BIT.ad_user_data | BIT.ad_personalization],
  ['gcmpersonalization', BIT.personalization_storage],
  ['gcmfunctionality', BIT.functionality_storage],
  ['gcmsecurity', NO_SIGNALS],
]);

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
    // `wait`, or a state that was cut off.
    const waiting: string[] = [];
    for (const pair of text.slice(1).split('!')) {
      const equals = pair.indexOf('=');
      if (equals === -1) continue;
      const service = pair.slice(0, equals);
      const state = pair.slice(equals + 1);
      if (state === 'true' || state === 'false') flags.push([service, state === 'true']);
      else waiting.push(service);
    }
    if (flags.length === 0 && waiting.length === 0 && text.length > 1) return unreadable(source);
    if (!flags.some(([service]) => purposes === undefined || purposes.has(service))) {
      const all = [...flags, ...waiting.map((service) => [service, false] as const)];
      return noChoice(source, {}, 'no choice yet', services(all, context).off);
    }
    const own = flags.filter(([service]) => !CONSENT_MODE.has(service) || purposes?.has(service) === true);
    const marks = services(own, context, waiting);
    for (const [service, signals] of CONSENT_MODE) {
      const state = flags.filter(([name]) => name === service).map(([, on]) => on);
      if (state.includes(false)) marks.narrowing?.without(VENDOR, signals, service);
      else if (waiting.includes(service)) marks.narrowing?.without(VENDOR, signals, UNANSWERED);
    }
    return chosen(source, marks);
  }),
};
