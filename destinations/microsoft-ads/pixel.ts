import type { Element, PlanContext, PlannedRequest, Reads, Requirement, View } from '../../src/core/destination.ts';
import { moneyOf, PAGE_VIEW } from './capi.ts';
import { uuid } from './normalise.ts';
import type { Settings } from './settings.ts';

export const PIXEL_HOST = 'bat.bing.com';

/** The envelope of the pixel: a request of its own. */
export const PIXEL = 'pixel';

export const pixelReads = { event_name: {}, currency: {}, value: {}, page_location: {} } as const satisfies Reads;

export const pixelRequires: readonly Requirement<keyof typeof pixelReads>[] = [{ fields: ['event_name'] }];

/**
 * An event that names nobody: what was done, on which page, and the denial. No session, visitor, user or click id,
 * no referrer, no title, no order number (`destinations/microsoft.md` B, gateway rule). The numbers the pixel demands
 * are made of the hit's id.
 */
export function planPixel(
  view: View<typeof pixelReads>,
  settings: Settings,
  context: PlanContext,
  name: string,
): Element {
  const pageLoad = view.event_name === PAGE_VIEW;
  const { value, currency } = pageLoad ? {} : moneyOf(view.value, view.currency);
  const page =
    view.page_location === undefined ? '' : `&p=${encodeURIComponent(bare(view.page_location).toWellFormed())}`;
  const action = pageLoad ? '' : `&ea=${encodeURIComponent(name.toWellFormed())}`;
  const worth = `${value === undefined ? '' : `&gv=${value}`}${currency === undefined ? '' : `&gc=${currency}`}`;
  const random = 100_000 + (Number.parseInt(context.hitId.slice(0, 8), 16) % 900_000);
  const fixed = `ti=${settings.tag_id}&Ver=2.3&mid=${uuid(context.hitId)}&evt=${pageLoad ? 'pageLoad' : 'custom'}`;
  return { envelope: PIXEL, element: `${fixed}&rn=${random}&msclkid=N&asc=D${page}${action}${worth}` };
}

/** The address without query and fragment: in this form not even a campaign name goes along. */
function bare(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** One pixel request. */
export function requestPixel(element: string): PlannedRequest {
  return { method: 'GET', url: `https://${PIXEL_HOST}/action/0?${element}`, headers: {} };
}
