/** What consent banners call TikTok's pixel, taken from the lists of services that banner libraries and plugins ship. */
export const SERVICES = ['tiktok', 'tiktok-pixel'] as const;
