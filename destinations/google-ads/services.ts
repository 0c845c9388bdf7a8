/**
 * What consent banners call Google Ads, taken from the lists of services that banner libraries and plugins ship.
 * `google` alone, and what Google calls itself on vendor lists, stands for all of Google.
 */
export const SERVICES = [
  'google-ads',
  'gads',
  'adwords',
  'google-adwords',
  'google-adwords-conversion',
  'google-adwords-remarketing',
  'google-conversion',
  'google-remarketing',
  'google-ads-conversion-tracking',
  'doubleclick',
  'google-doubleclick',
  'floodlight',
  'gadwords',
  'google-adservices',
  'google-ad-services',
  'google-marketing-platform',
  'doubleclick-by-google',
  'doubleclick-floodlight',
  'google-ads-customer-match',
  'google',
  'google-advertising-products',
  'gc-adwords',
  'doubleclick-ad',
  'gcmads',
] as const;
