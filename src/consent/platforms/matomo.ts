import { cookieValues } from '../cookie-header.ts';
import type { Platform } from '../platform.ts';
import { choice, unreadable } from '../reading.ts';
import { digitsTime } from '../text.ts';

const GIVEN = ['mtm_consent', 'mtm_cookie_consent'];
const REMOVED = 'mtm_consent_removed';

/**
 * Matomo (`consent.md` 1): statistics only, as the time it was given; a withdrawal wins. A banner beside it that also
 * asks about advertising is the only one that does.
 */
export const matomo: Platform = {
  name: 'matomo',
  title: 'Matomo',
  fixed: true,
  cookies: [...GIVEN, REMOVED],
  read(found, { source, categories }) {
    const removed = cookieValues(found, REMOVED);
    if (removed.length > 0) {
      return [
        {
          ...choice(source, 0, categories.statistics, { at: digitsTime(removed[0], 1) }),
          about: categories.statistics,
        },
      ];
    }
    return GIVEN.flatMap((name) => cookieValues(found, name)).map((value) => {
      const at = digitsTime(value, 1);
      return at === undefined
        ? unreadable(source)
        : { ...choice(source, categories.statistics, 0, { at }), about: categories.statistics };
    });
  },
};
