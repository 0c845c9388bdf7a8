/** What consent banners call Snapchat's pixel, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = [
  'snapchat',
  'snapchat-pixel',
  'snap-pixel',
  'snap',
  'snapchat-ads',
  'snap-ads',
  'snapchat-advertising',
  'snap-group',
] as const;
