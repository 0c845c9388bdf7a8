import { nearest, plain } from './nearest.ts';

/**
 * The event names of GA4 for web sites: collected automatically, by enhanced measurement, or recommended
 * (https://support.google.com/analytics/answer/9234069 and https://support.google.com/analytics/answer/9267735).
 * Any other name is an event of the site's own, which GA4 takes as well.
 */
export const GA4_EVENTS: ReadonlySet<string> = new Set(
  (
    'click file_download first_visit form_start form_submit page_view scroll session_start user_engagement ' +
    'video_complete video_progress video_start view_search_results exception ' +
    'add_payment_info add_shipping_info add_to_cart add_to_wishlist begin_checkout close_convert_lead ' +
    'close_unconvert_lead disqualify_lead earn_virtual_currency generate_lead join_group level_end level_start ' +
    'level_up login post_score purchase qualify_lead refund remove_from_cart search select_content select_item ' +
    'select_promotion share sign_up spend_virtual_currency tutorial_begin tutorial_complete unlock_achievement ' +
    'view_cart view_item view_item_list view_promotion working_lead'
  ).split(' '),
);

/** What other systems call an event that GA4 has a name for. Lower case, without separators. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['addtobag', 'add_to_cart'],
  ['addtobasket', 'add_to_cart'],
  ['checkout', 'begin_checkout'],
  ['completeregistration', 'sign_up'],
  ['conversion', 'purchase'],
  ['initiatecheckout', 'begin_checkout'],
  ['lead', 'generate_lead'],
  ['order', 'purchase'],
  ['ordercompleted', 'purchase'],
  ['productadded', 'add_to_cart'],
  ['productviewed', 'view_item'],
  ['registration', 'sign_up'],
  ['searchresults', 'view_search_results'],
  ['submitform', 'form_submit'],
  ['transaction', 'purchase'],
  ['viewcontent', 'view_item'],
  ['viewproduct', 'view_item'],
]);

/** The GA4 name somebody most likely meant; undefined for GA4's own names and for those that resemble none. */
export function meantEvent(name: string): string | undefined {
  if (GA4_EVENTS.has(name)) return undefined;
  const elsewhere = ELSEWHERE.get(plain(name));
  if (elsewhere !== undefined) return elsewhere;
  // A short name resembles many others: one letter may differ, in a long name two.
  return nearest(name, GA4_EVENTS, plain(name).length < 8 ? 1 : 2);
}
