import type { Plan, PlanContext, PlannedRequest, Reads, View } from '../../src/core/destination.ts';
import { BIT } from '../../src/core/signals.ts';
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

/** EU, Iceland, Liechtenstein, Norway: where the Digital Markets Act applies (`destinations/consent-mode.md` 6). */
const EEA = new Set(
  'AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' '),
);

/**
 * A conversion that names nobody: what was done and what was decided, no click id, cookie, order number, address or
 * device (`destinations/google-ads.md` 4, "Denied").
 */
export function planPing(view: View<typeof pingReads>, settings: Settings, context: PlanContext): Plan {
  const name = view.event_name ?? '';
  const label =
    settings.labels !== undefined && Object.hasOwn(settings.labels, name) ? settings.labels[name] : undefined;
  if (label === undefined) return { skip: 'no conversion configured' };
  const { value, currency, page_location: page } = view;
  const dma = dmaOf(view.consent_mode?.dma, context.siteCountry);
  // Written out, not joined from a list: this is on the path of every hit of a site that refuses.
  const worth = value !== undefined && Number.isFinite(value) ? `&value=${value}` : '';
  const unit =
    currency !== undefined && /^[A-Za-z]{3}$/.test(currency) ? `&currency_code=${currency.toUpperCase()}` : '';
  const url = page === undefined ? '' : `&url=${encodeURIComponent(bare(page).toWellFormed())}`;
  const consent = `&gcs=${gcs(context)}&gcd=${gcd(context, dma)}&npa=1&dma=${dma}&dma_cps=-&pscdl=denied`;
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

/** `destinations/consent-mode.md` 2. */
function gcs({ signals }: PlanContext): string {
  return `G1${(signals & BIT.ad_storage) === 0 ? 0 : 1}${(signals & BIT.analytics_storage) === 0 ? 0 : 1}`;
}

/** `destinations/consent-mode.md` 3.6: r = granted, q = refused in so many words, p = denied because nobody said yes. */
function gcd({ signals, refused }: PlanContext, dma: string): string {
  const letter = (bit: number) => ((signals & bit) !== 0 ? 'r' : (refused & bit) !== 0 ? 'q' : 'p');
  const [ad, analytics] = [letter(BIT.ad_storage), letter(BIT.analytics_storage)];
  return `13${ad}3${analytics}3${letter(BIT.ad_user_data)}${dma === '1' ? 2 : 3}${letter(BIT.ad_personalization)}5l1`;
}

/** What the tag found out about the visitor's region, else whether the site is aimed at the EEA. */
function dmaOf(came: string | undefined, siteCountry: string): string {
  if (came === '0' || came === '1') return came;
  return EEA.has(siteCountry) ? '1' : '0';
}

/** The address without query and fragment: in this form not even a campaign name goes along. */
function bare(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
