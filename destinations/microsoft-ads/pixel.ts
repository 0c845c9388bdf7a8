import type { Plan, PlanContext, PlannedRequest, Reads, View } from '../../src/core/destination.ts';
import { actionOf, moneyOf } from './capi.ts';
import { uuid } from './normalise.ts';
import type { Settings } from './settings.ts';

export const PIXEL_HOST = 'bat.bing.com';

/** The envelope of the pixel: a request of its own. */
export const PIXEL = 'pixel';

export const pixelReads = { event_name: {}, currency: {}, value: {}, page_location: {} } as const satisfies Reads;

/**
 * An event that names nobody: what was done, on which page, and the denial. No session, visitor, user or click id,
 * no referrer, no title, no order number (`destinations/microsoft.md` B, gateway rule). The numbers the pixel demands
 * are made of the hit's id.
 */
export function planPixel(view: View<typeof pixelReads>, settings: Settings, context: PlanContext): Plan {
  const name = view.event_name ?? '';
  if (name === '') return { skip: 'no event name' };
  const keys: Record<string, string> = {
    ti: settings.tag_id,
    Ver: '2.3',
    mid: uuid(context.hitId),
    evt: name === 'page_view' ? 'pageLoad' : 'custom',
    rn: String(100_000 + (Number.parseInt(context.hitId.slice(0, 8), 16) % 900_000)),
    msclkid: 'N',
    asc: 'D',
  };
  if (view.page_location !== undefined) keys['p'] = view.page_location.split(/[?#]/, 1)[0] ?? '';
  if (name !== 'page_view') {
    const { value, currency } = moneyOf(view.value, view.currency);
    keys['ea'] = actionOf(name, settings);
    if (value !== undefined) keys['gv'] = String(value);
    if (currency !== undefined) keys['gc'] = currency;
  }
  const query = Object.entries(keys).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return { envelope: PIXEL, element: query.join('&') };
}

/** One pixel request. */
export function requestPixel(element: string): PlannedRequest {
  return { method: 'GET', url: `https://${PIXEL_HOST}/action/0?${element}`, headers: {} };
}
