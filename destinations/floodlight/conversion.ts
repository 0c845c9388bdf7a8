import { cartOf } from '../../src/core/data-manager/cart.ts';
import {
  consentWords,
  conversionMoney,
  googleClickId,
  requestIngest,
  shortTransactionId,
} from '../../src/core/data-manager/ingest.ts';
import { userDataOf, userReads } from '../../src/core/data-manager/user-data.ts';
import type {
  Element,
  PlanContext,
  PlannedRequest,
  Reads,
  Requirement,
  View,
  Wants,
} from '../../src/core/destination.ts';
import type { Settings } from './settings.ts';

export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: {},
  value: {},
  transaction_id: {},
  coupon: {},
  items: {},
  params: {},
  dclid: { as: googleClickId },
  gclid: { as: googleClickId },
  ...userReads,
} as const satisfies Reads;

type Seen = View<typeof reads>;

/** What only variables are made of, products and persons are neither read nor stored where they are not sent. */
export function fieldsTaken({ variables, user_data, merchant }: Settings): readonly (keyof typeof reads)[] {
  const left = new Set<string>(user_data ? [] : Object.keys(userReads));
  if (merchant === undefined) left.add('items');
  const sources = Object.values(variables);
  if (!sources.includes('coupon')) left.add('coupon');
  if (!sources.some((from) => from.startsWith('params.'))) left.add('params');
  return (Object.keys(reads) as (keyof typeof reads)[]).filter((field) => !left.has(field));
}

/** Of the custom parameters only what a variable is made of. */
export function paramsTaken({ variables }: Settings): readonly string[] {
  return Object.values(variables).flatMap((from) => (from === 'coupon' ? [] : from.slice('params.'.length)));
}

/** Events that count, with the activity of each. */
export function wants({ activities }: Settings): Wants {
  return { names: new Map(Object.entries(activities).map(([name, { id }]) => [name, id])), conversions: true };
}

/** An identifier of an ad: for Floodlight a person's hashes alone are refused (`destinations/floodlight.md` 2). */
export const matchesOn = () => [['dclid'], ['gclid']] as const;

/** What Google knows a repeat by; a counter has nothing else (3). */
export const requires: readonly Requirement<keyof Seen>[] = [{ fields: ['event_id'] }];

/** One conversion as an event of `events:ingest` (2, 3). */
export function plan(view: Seen, settings: Settings, context: PlanContext, activity: string): Element {
  const sale = isSale(activity, settings);
  const money = sale ? conversionMoney(view) : {};
  return {
    envelope: '',
    element: JSON.stringify({
      destinationReferences: [activity],
      transactionId: shortTransactionId((sale ? view.transaction_id : undefined) || view.event_id),
      eventTimestamp: new Date(view.event_time ?? context.at).toISOString(),
      eventSource: 'WEB',
      currency: money.currency,
      conversionValue: money.value,
      conversionCount: 1,
      adIdentifiers: view.dclid === undefined ? { gclid: view.gclid } : { dclid: view.dclid },
      consent: consentWords(context.signals),
      userData: settings.user_data ? userDataOf(view) : undefined,
      cartData: cartOf(view.items, settings.merchant),
      customVariables: variablesOf(view, settings),
    }),
  };
}

/** Conversions of one configuration in one request; the activities they name become its destinations (2). */
export function request(_: string, elements: readonly string[], settings: Settings): PlannedRequest {
  return requestIngest(elements, settings.credentials, (activity) => destinationOf(activity, settings));
}

/** One activity of the configuration; it is its own reference. */
export function destinationOf(activity: string, { floodlight_config_id: accountId }: Settings) {
  const account = { accountType: 'FLOODLIGHT_CONFIG', accountId };
  return { reference: activity, operatingAccount: account, loginAccount: account, productDestinationId: activity };
}

/** A sale has an order number and money, a counter neither (3). An activity that a rule names, and nobody lists, counts. */
function isSale(activity: string, { activities }: Settings): boolean {
  return Object.values(activities).some(({ id, count }) => id === activity && count === 'transactions');
}

function variablesOf({ coupon, params = {} }: Seen, { variables }: Settings) {
  const rows = Object.entries(variables).flatMap(([variable, from]) => {
    const name = from.slice('params.'.length);
    const value = from === 'coupon' ? coupon : Object.hasOwn(params, name) ? params[name] : undefined;
    return value === undefined || value === '' ? [] : [{ variable, value: String(value) }];
  });
  return rows.length === 0 ? undefined : rows;
}
