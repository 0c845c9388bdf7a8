import type { Platform } from '../platform.ts';
import { restriction } from '../reading.ts';
import { Narrowing } from '../narrowing.ts';

/** Who gets the events of the routes it closes (`DestinationSpec.vendor`). */
const VENDOR = 'Matomo';

/**
 * Matomo's own opt-out (`destinations/matomo.md` 7): a visitor who has its cookie is told to nobody by Matomo's script, and
 * not to Matomo by the gateway either, whatever a banner has recorded. Older versions call it `piwik_ignore`. Its value says
 * nothing more.
 */
export const matomoOptOut: Platform = {
  name: 'matomo-opt-out',
  title: "Matomo's opt-out",
  fixed: true,
  cookies: ['matomo_ignore', 'piwik_ignore'],
  always: true,
  read({ names }, { source, routes, book }) {
    const own = routes.filter(({ vendor }) => vendor === VENDOR).map(({ name }) => name);
    if (own.length === 0) return [];
    const [label = ''] = names;
    const refused = { name: label, owner: { routes: own, label, stated: true }, allowed: false, signals: 0 };
    return [
      {
        ...restriction(source, 'denied', 0, 0, 'opted out of Matomo'),
        terms: new Narrowing(book).refuse([refused]).terms,
      },
    ];
  },
};
