/**
 * What consent banners call Floodlight and Campaign Manager 360; those of Google Ads' list that mean Google's display
 * products stand there, too. `google` alone, and what Google calls itself on vendor lists, stands for all of Google.
 */
export const SERVICES = [
  'floodlight',
  'doubleclick-floodlight',
  'doubleclick',
  'google-doubleclick',
  'doubleclick-by-google',
  'google-marketing-platform',
  'google',
  'google-advertising-products',
  'google-floodlight',
  'campaign-manager',
  'google-campaign-manager',
  'doubleclick-ad',
] as const;
