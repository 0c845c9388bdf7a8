/** What consent banners call Matomo, taken from captured records (`consent.md` 1) and its own former name. */
export const SERVICES = ['matomo', 'matomo-analytics', 'piwik'] as const;
