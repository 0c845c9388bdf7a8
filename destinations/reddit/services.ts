/** What consent banners call Reddit, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = ['reddit', 'reddit-pixel', 'reddit-ads', 'reddit-advertising'] as const;
