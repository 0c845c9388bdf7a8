import { NAME } from '../names.ts';

/** Segment's names for events of shops and leads, in small letters with `_`, and what GA4 calls them (`protocols/segment.md` 5). */
const IN_GA4: ReadonlyMap<string, string> = new Map([
  ['products_searched', 'search'],
  ['product_list_viewed', 'view_item_list'],
  ['product_list_filtered', 'view_item_list'],
  ['promotion_viewed', 'view_promotion'],
  ['promotion_clicked', 'select_promotion'],
  ['product_clicked', 'select_item'],
  ['product_viewed', 'view_item'],
  ['product_added', 'add_to_cart'],
  ['product_removed', 'remove_from_cart'],
  ['cart_viewed', 'view_cart'],
  ['checkout_started', 'begin_checkout'],
  ['payment_info_entered', 'add_payment_info'],
  ['order_completed', 'purchase'],
  ['order_refunded', 'refund'],
  ['product_added_to_wishlist', 'add_to_wishlist'],
  // GA4 has no name for these, and they are about a product all the same.
  ['product_removed_from_wishlist', 'product_removed_from_wishlist'],
  ['wishlist_product_added_to_cart', 'wishlist_product_added_to_cart'],
  ['product_reviewed', 'product_reviewed'],
  ['product_shared', 'share'],
  ['cart_shared', 'share'],
  ['signed_up', 'sign_up'],
  ['signed_in', 'login'],
  ['generate_lead', 'generate_lead'],
  ['lead_generated', 'generate_lead'],
  ['form_submitted', 'generate_lead'],
  ['subscription_created', 'subscribe'],
  ['trial_started', 'start_trial'],
]);

/** Segment's older names for the same events, which its shop plugins still send (`segmentio/analytics-events`). */
const OLDER: Readonly<Record<string, string>> = {
  viewed_promotion: 'promotion_viewed',
  clicked_promotion: 'promotion_clicked',
  viewed_product_category: 'product_list_viewed',
  viewed_product: 'product_viewed',
  clicked_product: 'product_clicked',
  added_product: 'product_added',
  removed_product: 'product_removed',
  payment_info_added: 'payment_info_entered',
  completed_order: 'order_completed',
  refunded_order: 'order_refunded',
};

/** Names of the list by their letters alone: Segment takes `OrderCompleted` for `Order Completed`, too. */
const BY_LETTERS: ReadonlyMap<string, string> = new Map([
  ...[...IN_GA4.keys()].map((name) => [lettersOf(name), name] as const),
  ...Object.entries(OLDER).map(([older, name]) => [lettersOf(older), name] as const),
]);

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

/**
 * Names that may be rewritten: words and the signs that people put between them. If an address, a query or an id with dots
 * were rewritten, the cleaner would no longer recognise it.
 */
const WORDS = /^[\p{L}\p{M}\p{N} _[\]()/:,!?'&+-]*$/u;
/** A word in the spelling of a title: its capitals have no meaning. */
const TITLE = /^(?:[A-Z]?[a-z]+|[A-Z]{1,12})$/;
/** A UUID; it is taken out before the letters are changed. */
const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;
const LONGEST = 40;
/** Characters of a name that are read. */
const MOST = 200;
/** Letters that Unicode does not decompose into a basic letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  æ: 'ae',
  ø: 'o',
  ß: 'ss',
  ð: 'd',
  đ: 'd',
  þ: 'th',
  ł: 'l',
  œ: 'oe',
};

/** Segment's event as GA4 would call it, for the rules of its properties; `segment` is its name in Segment's list. */
export interface CalledEvent {
  readonly name: string;
  readonly segment: string | undefined;
}

/** The event's name in GA4's form; undefined = no name can be made of it. */
export function eventCalled(said: string): CalledEvent | undefined {
  const plain = snake(said);
  const segment = plain === undefined ? undefined : BY_LETTERS.get(lettersOf(plain));
  const known = segment === undefined ? undefined : IN_GA4.get(segment);
  if (known !== undefined) return { name: known, segment };
  // One word in the spelling of a title is written small like the words of a longer name: `Purchase`.
  const name = TITLE.test(said) ? said.toLowerCase() : nameFrom(said, 'event_');
  return name === undefined ? undefined : { name, segment: undefined };
}

/**
 * A name in GA4's form. A name that fits is unchanged; of any other the words are joined with `_`, without those that look
 * like an id. If it would begin with a digit, `prefix` is put before it. Undefined = nothing is left of it.
 */
export function nameFrom(said: string, prefix: string): string | undefined {
  if (NAME.test(said)) return said;
  const plain = snake(said);
  if (plain === undefined) return undefined;
  const name = /^[A-Za-z]/.test(plain) ? plain : prefix + plain;
  return name.slice(0, LONGEST).replace(/_+$/, '');
}

function snake(said: string): string | undefined {
  if (!WORDS.test(said)) return undefined;
  const words = said
    .slice(0, MOST)
    .replace(ID, ' ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x00-\x7f]/g, (letter) => LETTERS[letter.toLowerCase()] ?? ' ')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '' && !isId(word));
  return words.length === 0 ? undefined : words.map((word) => (TITLE.test(word) ? word.toLowerCase() : word)).join('_');
}

/** Long with a digit in it, or a long number: no kind of event has such a word in its name. */
function isId(word: string): boolean {
  return word.length >= 25 || (word.length >= 8 && /\d/.test(word)) || /^\d{5,}$/.test(word);
}
