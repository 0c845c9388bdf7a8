import { resembled } from './nearest.ts';

/**
 * The parameters of GA4's own events that are custom parameters here: collected by enhanced measurement, or recommended
 * (https://support.google.com/analytics/answer/9234069 and https://support.google.com/analytics/answer/9267735).
 */
const GA4_PARAMS: readonly string[] = (
  'percent_scrolled link_classes link_domain link_url link_text outbound video_current_time video_duration ' +
  'video_percent video_provider video_title video_url file_extension file_name form_id form_name form_destination ' +
  'form_submit_text payment_type shipping_tier item_list_id item_list_name promotion_id promotion_name ' +
  'creative_name creative_slot affiliation content_type content_id method group_id level_name score ' +
  'virtual_currency_name achievement_id lead_source customer_type description'
).split(' ');

/** The parameter of GA4 that somebody most likely meant; undefined for GA4's own and for those that resemble none. */
export function meantParam(name: string): string | undefined {
  return resembled(name, GA4_PARAMS);
}
