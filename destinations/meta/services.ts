/** What consent banners call Meta, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = [
  'facebook',
  'facebook-pixel',
  'meta',
  'meta-pixel',
  'fb',
  'fbq',
  'facebook-ads',
  'meta-ads',
  'facebook-business',
  'facebook-custom-audience',
  'facebook-custom-audiences',
  'facebook-conversions-api',
  'meta-conversions-api',
  'meta-platforms',
  'meta-facebook',
  'facebook-meta',
] as const;
