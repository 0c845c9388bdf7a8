import type { PlannedRequest } from '../destination.ts';
import { sha256Hex } from '../hash.ts';
import { currencyCode } from '../money.ts';
import { bearer, type SecretRef } from '../secret.ts';
import { BIT, type SignalMask } from '../signals.ts';

/*
 * Requests to Google's Data Manager API, whatever product the events are for (`destinations/google-ads.md` 2). Google
 * Ads and Floodlight share this code. Each of them decides which account and which identifiers are sent.
 */

export const DATA_MANAGER_HOST = 'datamanager.googleapis.com';

/** Where the token of a service account comes from. */
export const GOOGLE_TOKEN_HOST = 'oauth2.googleapis.com';

/** Most destinations of one request (2.6). */
export const MAX_DATA_MANAGER_DESTINATIONS = 10;

/** The token of the service account, made at the attempt. */
export function dataManagerAuthorization(credentials: SecretRef) {
  const scope = 'https://www.googleapis.com/auth/datamanager';
  return { authorization: bearer({ kind: 'google-service-account', credentials, scope }) };
}

/** `events:ingest` with that body, JSON. */
export function ingestPost(body: string, credentials: SecretRef): PlannedRequest {
  return {
    method: 'POST',
    url: `https://${DATA_MANAGER_HOST}/v1/events:ingest`,
    headers: { ...dataManagerAuthorization(credentials), 'content-type': 'application/json' },
    body,
  };
}

/**
 * Events of one account in one request. The references in the events become the destinations of the request (2.5).
 * `destinationOf` writes the destination of a reference.
 */
export function requestIngest(
  elements: readonly string[],
  credentials: SecretRef,
  destinationOf: (reference: string) => object,
): PlannedRequest {
  const references = new Set<string>();
  for (const element of elements) references.add(referenceOf(element));
  // Required as soon as there is a hash in the request (2.2). A quote inside a JSON text is escaped, so this finds only
  // the key.
  const encoding = elements.some((element) => element.includes('"userData":')) ? '"encoding":"HEX",' : '';
  const destinations = JSON.stringify([...references].map(destinationOf));
  return ingestPost(`{"destinations":${destinations},${encoding}"events":[${elements.join(',')}]}`, credentials);
}

/** Elements begin with the destination they are for: their first key is `destinationReferences`. */
function referenceOf(element: string): string {
  const start = '{"destinationReferences":["'.length;
  return element.slice(start, element.indexOf('"', start));
}

/**
 * The id by which Google deduplicates, so that a repeated request is harmless. A longer id than allowed (64) is hashed,
 * which gives 64 digits.
 */
export function shortTransactionId(id: string | undefined): string | undefined {
  return id === undefined || id.length <= 64 ? id : sha256Hex(id);
}

/**
 * Zero is a value. A value with an invalid currency is left out, because Google would read it in the account's own
 * currency. A value without a currency is meant in the account's currency.
 */
export function conversionMoney(view: {
  readonly currency?: string | undefined;
  readonly value?: number | undefined;
}): {
  readonly currency?: string;
  readonly value?: number;
} {
  const value = view.value !== undefined && Number.isFinite(view.value) ? view.value : undefined;
  if (view.currency === undefined) return value === undefined ? {} : { value };
  const currency = currencyCode(view.currency);
  if (currency === undefined) return {};
  return value === undefined ? { currency } : { currency, value };
}

/** The consent object of an event: what this visitor decided. Every event has it (2.3). */
export function consentWords(signals: SignalMask) {
  return {
    adUserData: consentWord(signals, BIT.ad_user_data),
    adPersonalization: consentWord(signals, BIT.ad_personalization),
  };
}

function consentWord(signals: SignalMask, bit: SignalMask): string {
  return (signals & bit) === 0 ? 'CONSENT_DENIED' : 'CONSENT_GRANTED';
}

/** A click id is passed on unmodified, or not at all. It must be a token, so nothing else can be hidden in it. */
export function googleClickId(raw: string): string | undefined {
  return /^[\w.-]{1,512}$/.test(raw) ? raw : undefined;
}
