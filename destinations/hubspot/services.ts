/** What consent banners call HubSpot: its own name, and that of its tracking code. */
export const SERVICES = ['hubspot', 'hubspot-analytics', 'hubspot-tracking-code', 'hubspot-inc'] as const;
