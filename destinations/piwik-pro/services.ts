/** What consent banners call Piwik PRO: its own name, and that of its analytics. */
export const SERVICES = ['piwik-pro', 'piwik-pro-analytics', 'piwik-pro-analytics-suite'] as const;
