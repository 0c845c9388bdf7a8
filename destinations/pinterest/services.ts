/** What consent banners call Pinterest, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = ['pinterest', 'pinterest-tag', 'pinterest-pixel', 'pinterest-ads', 'pinterest-europe'] as const;
