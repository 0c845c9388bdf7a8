import { countryCode } from '../core/countries.ts';
import type { RawEvent } from '../core/fields.ts';
import type { LeftOutTally } from '../core/left-out.ts';
import { currencyCode, roundAmount } from '../core/money.ts';
import type { Item } from '../core/values.ts';

/** Stands for a number that was written so that it cannot be read, until `settle` has decided what that means. */
export const UNREADABLE = Number.NaN;

const AMOUNTS = ['tax', 'shipping'] as const;

/**
 * Puts money and places of an event in the form every vendor takes, the same for every source. A value without the
 * currency it was meant in would count as another sum, and vendors refuse a currency that is none, conversion and all:
 * then both are left out. Amounts are rounded to six decimals.
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

/** Whether an amount has to be rounded: nearly none has. */
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
