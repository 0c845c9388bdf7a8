import * as z from 'zod';
import type { Item } from '../values.ts';

/** The products of a conversion are those of a feed in Merchant Center (`destinations/google-ads.md` 2.3). */
const merchant = z.strictObject({
  id: z
    .string()
    .regex(/^\d{1,20}$/, 'a Merchant Center id is a number, in quotes')
    .describe('Merchant Center id.'),
  feed_label: z.string().min(1).max(20).describe('Label of the product feed, e.g. "NO".'),
  feed_language: z
    .string()
    .regex(/^[a-z]{2}$/, 'two lower-case letters')
    .describe('Language of the feed, e.g. "nb".'),
});

/** The setting under which a route sends the products of an order. */
export const merchantSetting = () =>
  merchant.optional().describe('Sends the products of an order as cart data. Left out: no product is sent.');

/** `cartData` of an event; undefined where no product leaves, or none has an id. */
export function cartOf(items: readonly Item[] | undefined, feed: z.output<typeof merchant> | undefined) {
  if (feed === undefined || items === undefined) return undefined;
  const rows = items.flatMap(({ item_id, quantity, price }) =>
    // int64 is written as text (2.1).
    item_id === undefined
      ? []
      : [{ merchantProductId: item_id, quantity: String(Math.trunc(quantity ?? 1)), unitPrice: price }],
  );
  if (rows.length === 0) return undefined;
  return {
    merchantId: feed.id,
    merchantFeedLabel: feed.feed_label,
    merchantFeedLanguageCode: feed.feed_language,
    items: rows,
  };
}
