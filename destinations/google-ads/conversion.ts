import {
  consentWords,
  conversionMoney,
  googleClickId,
  requestIngest,
  shortTransactionId,
} from '../../src/core/data-manager/ingest.ts';
import type { Element, PlanContext, PlannedRequest, Reads, View, Wants } from '../../src/core/destination.ts';
import { cartOf } from '../../src/core/data-manager/cart.ts';
import { userDataOf, userReads } from '../../src/core/data-manager/user-data.ts';
import type { Settings } from './settings.ts';

/** The envelope of conversions; all of an account's may share a request. */
export const CONVERSIONS = 'conversions';

export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: {},
  value: {},
  transaction_id: {},
  items: {},
  gclid: { as: googleClickId },
  gbraid: { as: googleClickId },
  wbraid: { as: googleClickId },
  ...userReads,
} as const satisfies Reads;

type Seen = View<typeof reads>;

/** Events that count as a conversion, with the conversion action of each. */
export function wants({ conversions }: Settings): Wants {
  return { names: new Map(Object.entries(conversions)), conversions: true };
}

/** A click id, or something of the person; an address only with all of its four parts (`destinations/google-ads.md` 2.3, 2.4). */
export const matchesOn = () =>
  [
    ['gclid'],
    ['wbraid'],
    ['gbraid'],
    ['email'],
    ['phone'],
    ['phone_sha256'],
    ['google_user_data'],
    ['first_name', 'last_name', 'user_country', 'postal_code'],
  ] as const;

/** One conversion as an event of `events:ingest` (2.3). */
export function planConversion(view: Seen, settings: Settings, context: PlanContext, action: string): Element {
  const click = clickOf(view);
  const money = conversionMoney(view);
  return {
    envelope: CONVERSIONS,
    element: JSON.stringify({
      destinationReferences: [action],
      transactionId: shortTransactionId(view.transaction_id || view.event_id),
      eventTimestamp: new Date(view.event_time ?? context.at).toISOString(),
      eventSource: 'WEB',
      currency: money.currency,
      conversionValue: money.value,
      consent: consentWords(context.signals),
      adIdentifiers: click,
      userData: userDataOf(view),
      // Cart data is not supported with the braids (2.3).
      cartData: click === undefined || click.gclid !== undefined ? cartOf(view.items, settings.merchant) : undefined,
    }),
  };
}

/** Conversions of one account in one request; the conversion actions they name become its destinations (2.5). */
export function requestConversions(elements: readonly string[], settings: Settings): PlannedRequest {
  return requestIngest(elements, settings.credentials, (action) => destinationOf(action, settings));
}

/** One conversion action of the account; it is its own reference. */
export function destinationOf(action: string, settings: Settings) {
  return {
    reference: action,
    operatingAccount: { accountType: 'GOOGLE_ADS', accountId: settings.customer_id },
    loginAccount:
      settings.login_customer_id === undefined
        ? undefined
        : { accountType: 'GOOGLE_ADS', accountId: settings.login_customer_id },
    productDestinationId: action,
  };
}

/** One click id, the most exact one there is: braids exclude each other and the gclid (3.2). */
function clickOf({ gclid, wbraid, gbraid }: Seen): Readonly<Record<string, string>> | undefined {
  if (gclid !== undefined) return { gclid };
  if (wbraid !== undefined) return { wbraid };
  return gbraid === undefined ? undefined : { gbraid };
}
