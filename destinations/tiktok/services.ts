/** What consent banners call TikTok's pixel, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = [
  'tiktok',
  'tiktok-pixel',
  'tiktok-ads',
  'tiktok-advertising',
  'tiktok-analytics',
  'tiktok-for-business',
  'tiktok-business',
  'tiktok-technology',
  'tiktok-information-technologies-uk',
  'ttq',
  'ttads',
] as const;
