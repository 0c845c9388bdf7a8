import { countryCode } from '../core/countries.ts';
import type { RawEvent } from '../core/fields.ts';
import type { LeftOutTally } from '../core/left-out.ts';
import { currencyCode, roundAmount } from '../core/money.ts';
import type { Item } from '../core/values.ts';

/** Stands for a number that cannot be read, until `settle` decides what to leave out. */
export const UNREADABLE = Number.NaN;

const AMOUNTS = ['tax', 'shipping'] as const;

/**
 * Puts money and countries of an event into the form that every vendor takes, the same for every source. If value or
 * currency cannot be read, both are left out: a value without its currency would count as another sum, and vendors refuse
 * a conversion with an invalid currency. Amounts are rounded to six decimals.
 */
export function settle(raw: RawEvent, leftOut: LeftOutTally): void {
  if (raw.value !== undefined) {
    if (Number.isNaN(raw.value)) {
      leftOut.add('number');
      delete raw.value;
      delete raw.currency;
    } else {
      raw.value = roundAmount(raw.value);
    }
  }
  if (raw.currency !== undefined && raw.currency !== '') {
    const currency = currencyCode(raw.currency);
    if (currency === undefined) {
      leftOut.add('currency');
      delete raw.value;
      delete raw.currency;
    } else {
      raw.currency = currency;
    }
  }
  for (const field of AMOUNTS) {
    const amount = raw[field];
    if (amount === undefined) continue;
    if (Number.isNaN(amount)) {
      leftOut.add('number');
      delete raw[field];
    } else {
      raw[field] = roundAmount(amount);
    }
  }
  if (raw.items !== undefined) raw.items = raw.items.map(settleItem);
  if (raw.user_country !== undefined) {
    const country = countryCode(raw.user_country);
    if (country === undefined) {
      leftOut.add('country');
      delete raw.user_country;
    } else {
      raw.user_country = country;
    }
  }
}

/** The item with rounded amounts; nearly always unchanged. */
function settleItem(item: Item): Item {
  const { price, discount } = item;
  const plain = (price === undefined || roundAmount(price) === price) && (discount ?? 0) === roundAmount(discount ?? 0);
  if (plain) return item;
  return {
    ...item,
    ...(price === undefined ? {} : { price: roundAmount(price) }),
    ...(discount === undefined ? {} : { discount: roundAmount(discount) }),
  };
}
