import { writeConsentMode } from '../../src/core/consent-mode.ts';
import type { Element, PlanContext, PlannedRequest, Reads, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import type { Settings } from './settings.ts';

/** Google's cookieless domain (`destinations/google-ads.md` 4). */
export const PING_HOST = 'pagead2.googlesyndication.com';

/** The envelope of a consent-mode ping: a request of its own. */
export const PING = 'ping';

export const pingReads = {
  event_name: {},
  currency: {},
  value: {},
  page_location: {},
  consent_mode: {},
} as const satisfies Reads;

/** Events with a conversion label. */
export function pingWants({ labels = {} }: Settings): Wants {
  return { names: new Map(Object.entries(labels)), conversions: true };
}

/**
 * A conversion that names nobody: what was done and what was decided, no click id, cookie, order number, address or
 * device (`destinations/google-ads.md` 4, "Denied").
 */
export function planPing(view: View<typeof pingReads>, _: Settings, context: PlanContext, label: string): Element {
  const { value, currency, page_location: page } = view;
  const { gcs, gcd, dma } = writeConsentMode(view.consent_mode, context);
  // Written out, not joined from a list: this is on the path of every hit of a site that refuses.
  const worth = value !== undefined && Number.isFinite(value) ? `&value=${value}` : '';
  const code = currency === undefined ? undefined : currencyCode(currency);
  const unit = code === undefined ? '' : `&currency_code=${code}`;
  const url = page === undefined ? '' : `&url=${encodeURIComponent(bare(page).toWellFormed())}`;
  const consent = `&gcs=${gcs}&gcd=${gcd}&npa=1&dma=${dma}&dma_cps=-&pscdl=denied`;
  const random = Number.parseInt(context.hitId.slice(0, 8), 16);
  return { envelope: PING, element: `label=${label}${worth}${unit}${url}${consent}&random=${random}` };
}

/** One ping; the account comes from the configuration, never from the event (R67). */
export function requestPing(element: string, settings: Settings): PlannedRequest {
  return {
    method: 'GET',
    url: `https://${PING_HOST}/pagead/conversion/${settings.conversion_id ?? ''}/?${element}`,
    headers: {},
  };
}

/** The address without query and fragment: in this form not even a campaign name goes along. */
function bare(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
