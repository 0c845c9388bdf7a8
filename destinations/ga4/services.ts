/**
 * What consent banners call Google Analytics, taken from the lists of services that banner libraries and plugins ship.
 * `google` alone, and what Google calls itself on vendor lists, stands for all of Google.
 */
export const SERVICES = [
  'google-analytics',
  'ga',
  'ga4',
  'gtag',
  'gtag.js',
  'ga.js',
  'gajs',
  'multiplegtag',
  'google-analytics-universal',
  'universal-analytics',
  'analytics.js',
  'google-analytics-gtag',
  'google-analytics-ga4',
  'google-analytics-4',
  'ganalytics',
  'google-gtag',
  'google-signals',
  'google-universal-analytics',
  'google-analytics-360',
  'google',
  'google-advertising-products',
  'google-ga',
  'gc-analytics',
  'google-analytics-v',
  'gtag-ga',
  'monsterinsights',
  'exactmetrics',
] as const;
