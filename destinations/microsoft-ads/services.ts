/** What consent banners call Microsoft Advertising, taken from the lists of services that banner libraries ship. */
export const SERVICES = [
  'microsoft-ads',
  'bing',
  'bing-ads',
  'microsoft',
  'microsoft-advertising',
  'microsoft-bing-ads',
  'uet',
  'bing-uet',
  'microsoft-uet',
  'bing-ads-universal-event-tracking',
  'bing-universal-event-tracking',
  'bing-ads-uet',
  'microsoft-bing',
  'ms-ads',
  'uetq',
] as const;
