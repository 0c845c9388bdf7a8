import { cookieValues, type Cookies } from '../cookie-header.ts';
import { ALL_SIGNALS } from '../../core/signals.ts';
import { chosen, listed, readValue, type Context, type NamePattern, type Platform } from '../platform.ts';
import { withoutNames, withServices } from '../service-marks.ts';
import { mute, unreadable } from '../reading.ts';
import { Narrowing } from '../narrowing.ts';
import type { Service } from '../services.ts';
import { CMP_CONSENT, readTcf } from '../standards/tcf.ts';
import { readLayers } from '../text.ts';
import type { Reading } from '../types.ts';

const LIST = /^_{1,2}(?:[A-Za-z0-9]{1,16}_){0,2048}_?$|^_{4}$/;
const PURPOSES = '__cmpcpc';
/** Vendors of the platform and the site, and vendors of the IAB's list. */
const VENDORS = '__cmpcvc';
const LISTED = '__cmpiab';
const TC = '__cmpconsent';

/** Most copies of one list: one for the host, one for the domain, and one to spare. */
const MOST_COPIES = 3;

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
 * consentmanager.net (`consent.md` 1): a TC string, or the numbers of the accepted purposes, which are the
 * site's; beside either, the numbers of the accepted vendors.
 */
export const consentmanager: Platform = {
  name: 'consentmanager',
  title: 'consentmanager.net',
  cookies: [byAccount(PURPOSES), CMP_CONSENT, byAccount(VENDORS), byAccount(LISTED)],
  needsMapping: true,
  read(found, context) {
    const readings: Reading[] = [];
    // Beside a TC string there may be further purposes of the site; without a mapping they are not used.
    const byString = context.purposes === undefined && found.names.some((name) => name.startsWith(TC));
    found.names.forEach((name, i) => {
      const value = found.values[i] as string;
      if (name.startsWith(TC))
        readings.push(readValue(value, (text) => readTcf(text, { ...context, purposes: undefined })));
      else if (name.startsWith(PURPOSES) && !byString)
        readings.push(readPurposes(value, vendorsBeside(name, found), context));
    });
    // Vendors without purposes are no choice: they come from another banner of the same platform.
    return readings.length > 0 ? readings : [mute(context.source, {}, 'vendors, but no purposes')];
  },
};

/** The vendor lists that belong to a purpose list: those with the same end of the name, else those that have none. */
function vendorsBeside(name: string, found: Cookies): readonly (readonly string[])[] {
  const end = name.slice(PURPOSES.length);
  const listed = cookieValues(found, LISTED + end);
  return [cookieValues(found, VENDORS + end), listed.length > 0 ? listed : cookieValues(found, LISTED)];
}

function readPurposes(value: string, vendorLists: readonly (readonly string[])[], context: Context): Reading {
  const purposes = numbersIn(value);
  if (purposes === undefined) return unreadable(context.source);
  if (vendorLists.some(({ length }) => length > MOST_COPIES)) return unreadable(context.source);
  const narrowing = new Narrowing(context.book);
  const allowed: Service[] = [];
  // Each copy of one list with each copy of the other: where copies differ, all of them must allow.
  const [own = [], iab = []] = vendorLists.map((copies) => (copies.length === 0 ? ['__'] : copies).map(numbersIn));
  for (const first of own) {
    for (const second of iab) {
      if (first === undefined || second === undefined) return unreadable(context.source);
      const numbers = new Set([...first, ...second]);
      numbers.delete('U');
      const services = Array.from(numbers, (number) => serviceOf(number, context));
      narrowing.list([{ signals: ALL_SIGNALS, services }]);
      allowed.push(...services);
    }
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
