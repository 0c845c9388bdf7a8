import { listed, perCookie, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';
import { readTcf } from './tcf.ts';
import { percentDecoded } from './text.ts';

const LIST = /^__(?:[A-Za-z0-9]{1,16}_){0,256}_$/;

/** consentmanager.net (`consent/README.md` 1): a TC string, or the numbers of the accepted purposes, which are the site's. */
export const consentmanager: Platform = {
  name: 'consentmanager',
  title: 'consentmanager.net',
  cookies: ['__cmpcpc*', '__cmpconsent*'],
  needsMapping: true,
  read: perCookie((value, context, name) => {
    if (name.startsWith('__cmpconsent')) return readTcf(value, { ...context, purposes: undefined });
    const text = percentDecoded(value);
    if (text === undefined || !LIST.test(text)) return unreadable(context.source);
    const { on, off } = listed(text.split('_'), context);
    return choice(context.source, on, off);
  }),
};
