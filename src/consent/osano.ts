import { cookieValues } from './cookie-header.ts';
import { asCount, asObject } from './json.ts';
import { categorised, jsonObject, perCookie, type Platform } from './platform.ts';
import { choice, mute, noChoice, unreadable } from './reading.ts';
import { unixTime } from './text.ts';

const RECORD = 'osano_consentmanager';
const UUID = 'osano_consentmanager_uuid';

/** Osano (`consent.md` 1). The older, encrypted value cannot be read. */
export const osano: Platform = {
  name: 'osano',
  title: 'Osano',
  cookies: [RECORD, UUID],
  read(found, context) {
    const { source } = context;
    const id = cookieValues(found, UUID)[0];
    const records = cookieValues(found, RECORD);
    // An id without a record may be left from another banner: it says nothing against what that one wrote.
    if (records.length === 0) return [mute(source, { id }, 'an id, and no record of a choice')];
    return records.map((record) => {
      const root = jsonObject(record);
      const consent = asObject(root?.get('consent'));
      if (root === undefined || consent === undefined) return unreadable(source, { id });
      const accepts = (category: string) => consent.get(category) === 'ACCEPT';
      // OPT_OUT is the refusal of sale; accepting it takes marketing away.
      const sells = !consent.has('OPT_OUT') || consent.get('OPT_OUT') === 'DENY';
      const marks = categorised(
        context,
        accepts('PERSONALIZATION'),
        accepts('ANALYTICS'),
        accepts('MARKETING') && sells,
      );
      return choice(source, marks.on, marks.off, { at: unixTime(asCount(root.get('consentTimestamp')), 1), id });
    });
  },
};

/** Osano's open-source banner: one word for everything. A notice that was only closed is no consent. */
export const osanoCookieconsent: Platform = {
  name: 'osano-cookieconsent',
  title: 'Cookie Consent (Osano, open source)',
  cookies: ['cookieconsent_status'],
  read: perCookie((value, { source, all }) => {
    if (value === 'allow') return choice(source, all, 0);
    if (value === 'deny') return choice(source, 0, all);
    return value === 'dismiss' ? noChoice(source, {}, 'the notice was closed') : unreadable(source);
  }),
};
