import {
  consentWords,
  conversionMoney,
  googleClickId,
  requestIngest,
  shortTransactionId,
} from '../../src/core/data-manager/ingest.ts';
import type { Element, PlanContext, PlannedRequest, Reads, View, Wants } from '../../src/core/destination.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import { countryCode } from '../../src/core/countries.ts';
import {
  addressOf,
  emailHash,
  nameHash,
  phoneHash,
  postalCode,
  readUserParts,
  type UserIdentifier,
} from './normalise.ts';
import type { Settings } from './settings.ts';

/** The envelope of conversions; all of an account's may share a request. */
export const CONVERSIONS = 'conversions';

/** Most identifiers of one event (`destinations/google-ads.md` 2.6). */
const MAX_IDENTIFIERS = 10;

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
  email: { as: emailHash },
  phone: { as: phoneHash },
  phone_sha256: { as: sha256Of },
  first_name: { as: nameHash },
  last_name: { as: nameHash },
  postal_code: { as: postalCode },
  user_country: { as: countryCode },
  google_user_data: { as: readUserParts },
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
  const userIdentifiers = identifiersOf(view);
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
      userData: userIdentifiers.length === 0 ? undefined : { userIdentifiers },
      // Cart data is not supported with the braids (2.3).
      cartData: click === undefined || click.gclid !== undefined ? cartOf(view.items, settings) : undefined,
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

function identifiersOf(view: Seen): readonly UserIdentifier[] {
  const found: UserIdentifier[] = [];
  if (view.email !== undefined) found.push({ emailAddress: view.email });
  const phone = view.phone ?? view.phone_sha256;
  if (phone !== undefined) found.push({ phoneNumber: phone });
  const address = addressOf(view.first_name, view.last_name, view.user_country, view.postal_code);
  if (address !== undefined) found.push({ address });
  if (view.google_user_data === undefined) return found;
  const known = new Set(found.map((identifier) => JSON.stringify(identifier)));
  for (const identifier of view.google_user_data) {
    const text = JSON.stringify(identifier);
    if (!known.has(text)) found.push(identifier);
    known.add(text);
  }
  return found.slice(0, MAX_IDENTIFIERS);
}

function cartOf(items: readonly Item[] | undefined, { merchant }: Settings) {
  if (merchant === undefined || items === undefined) return undefined;
  const rows = items.flatMap(({ item_id, quantity, price }) =>
    // int64 is written as text (2.1).
    item_id === undefined
      ? []
      : [{ merchantProductId: item_id, quantity: String(Math.trunc(quantity ?? 1)), unitPrice: price }],
  );
  if (rows.length === 0) return undefined;
  return {
    merchantId: merchant.id,
    merchantFeedLabel: merchant.feed_label,
    merchantFeedLanguageCode: merchant.feed_language,
    items: rows,
  };
}
