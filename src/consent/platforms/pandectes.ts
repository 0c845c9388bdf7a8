import { asCount, asString } from '../json.ts';
import { base64Object, perObject, type Platform } from '../platform.ts';
import { choice, noChoice, unreadable } from '../reading.ts';
import { unixTime } from '../text.ts';

/** Pandectes (`consent.md` 1). What the bits of `preferences` stand for is not known: any set makes it unreadable. */
export const pandectes: Platform = {
  name: 'pandectes',
  title: 'Pandectes',
  fixed: true,
  cookies: ['_pandectes_gdpr'],
  read: perObject(base64Object, (root, context) => {
    const { source, all } = context;
    const facts = { at: unixTime(asCount(root.get('timestamp')), 1000), id: asString(root.get('id')) };
    switch (root.get('status')) {
      case 'allow':
        return root.get('preferences') === 0 ? choice(source, all, 0, facts) : unreadable(source);
      case 'deny':
        return choice(source, 0, all, facts);
      case '':
        return noChoice(source, facts);
      default:
        return unreadable(source);
    }
  }),
};
