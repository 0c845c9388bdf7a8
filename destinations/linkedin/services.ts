/** What consent banners call LinkedIn, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = [
  'linkedin',
  'linkedin-insight-tag',
  'linkedin-insights',
  'linkedin-ads',
  'linkedin-marketing',
  'linkedin-marketing-solutions',
  'linkedin-conversions-api',
  'linkedin-px',
  'linkedin-analytics',
  'linkedin-advertising',
  'linkedin-campaign-manager',
  'linkedin-ireland',
  'li-insight',
  'lintrk',
  'insight-tag',
  'linkedin-marketing-services',
] as const;
