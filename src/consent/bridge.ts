import { categorised, perCookie, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';
import { digitsTime } from './text.ts';

/** The one cookie that speaks for platforms whose own record a server cannot see. */
export const BRIDGE_COOKIE = 'pv_consent';

const FORMAT = /^1\.p([01])s([01])m([01])\.([0-9]{9,11})$/;

/**
 * The bridge cookie: `1.p0s1m0.1789371065` is version 1, then preferences, statistics and marketing (1 = accepted,
 * 0 = refused), then when the choice was made, unix seconds. Written by `bridgeScript` or by the site's own banner.
 */
export const bridge: Platform = {
  name: 'bridge',
  title: 'Portvakt bridge',
  cookies: [BRIDGE_COOKIE],
  read: perCookie((value, context) => {
    const parts = FORMAT.exec(value);
    if (parts === null) return unreadable(context.source);
    const { on, off } = categorised(context, parts[1] === '1', parts[2] === '1', parts[3] === '1');
    return choice(context.source, on, off, { at: digitsTime(parts[4], 1000), version: '1' });
  }),
};
