import type { Cookies } from './cookie-header.ts';
import { ALL_SIGNALS } from '../core/signals.ts';
import {
  chosen,
  listed,
  readValue,
  withoutNames,
  withServices,
  type Context,
  type NamePattern,
  type Platform,
} from './platform.ts';
import { mute, unreadable } from './reading.ts';
import { Narrowing, type Service } from './services.ts';
import { CMP_CONSENT, readTcf } from './tcf.ts';
import { readLayers } from './text.ts';
import type { Reading } from './types.ts';

const LIST = /^__(?:[A-Za-z0-9]{1,16}_){0,1024}_$/;
const PURPOSES = '__cmpcpc';
const VENDORS = '__cmpcvc';
const TC = '__cmpconsent';

/** Names as the platform makes them of the id of the site's account. */
function byAccount(start: string): NamePattern {
  return { name: `${start}*`, is: new RegExp(`^${start}[xsu]?\\d{0,12}$`) };
}

/** The platform's own numbers of services (help.consentmanager.net, "Working with Google Consent Mode"). */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['s1', 'google-ads'],
  ['s1498', 'google-ads'],
  ['s26', 'google-analytics'],
]);

/**
 * consentmanager.net (`consent/README.md` 1): a TC string, or the numbers of the accepted purposes, which are the
 * site's; beside either, the numbers of the accepted vendors.
 */
export const consentmanager: Platform = {
  name: 'consentmanager',
  title: 'consentmanager.net',
  cookies: [byAccount(PURPOSES), CMP_CONSENT, byAccount(VENDORS)],
  needsMapping: true,
  read(found, context) {
    const readings: Reading[] = [];
    found.names.forEach((name, i) => {
      const value = found.values[i] as string;
      if (name.startsWith(TC))
        readings.push(readValue(value, (text) => readTcf(text, { ...context, purposes: undefined })));
      else if (!name.startsWith(VENDORS)) readings.push(readPurposes(value, vendorsBeside(name, found), context));
    });
    // Vendors without purposes are no choice: cookies of another banner of the same platform.
    return readings.length > 0 ? readings : [mute(context.source, {}, 'vendors, but no purposes')];
  },
};

/** The vendor lists that belong to a purpose list: the same name but for three letters. */
function vendorsBeside(name: string, { names, values }: Cookies): readonly string[] {
  const beside = VENDORS + name.slice(PURPOSES.length);
  return values.filter((_, i) => names[i] === beside);
}

function readPurposes(value: string, vendorLists: readonly string[], context: Context): Reading {
  const purposes = numbersIn(value);
  if (purposes === undefined) return unreadable(context.source);
  const narrowing = new Narrowing(context.book);
  const allowed: Service[] = [];
  for (const list of vendorLists) {
    const vendors = numbersIn(list);
    if (vendors === undefined) return unreadable(context.source);
    const services = vendors.filter((number) => number !== 'U').map((number) => serviceOf(number, context));
    narrowing.list([{ signals: ALL_SIGNALS, services }]);
    allowed.push(...services);
  }
  const byPurpose = withoutNames(
    context,
    allowed.map(({ name }) => name),
  );
  return chosen(context.source, withServices({ ...listed(purposes, byPurpose), narrowing }, allowed, context));
}

function numbersIn(value: string): readonly string[] | undefined {
  const text = readLayers(
    value,
    0,
    (list) => (LIST.test(list) ? list : undefined),
    (list) => list !== undefined,
  );
  return text?.split('_').filter((number) => number !== '');
}

function serviceOf(number: string, { book, purposes }: Context): Service {
  const owner = book.mapped(number) ?? book.listedVendor(number) ?? book.ownerOf(NUMBERS.get(number) ?? number);
  return { name: number, owner, allowed: true, signals: purposes?.get(number) ?? 0 };
}
