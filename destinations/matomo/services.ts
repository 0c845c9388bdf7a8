/** What consent banners call Matomo, taken from captured records (`consent.md` 1) and its own former name. */
export const SERVICES = [
  'matomo',
  'matomo-analytics',
  'piwik',
  'matomo-cloud',
  'matomo-self-hosted',
  'matomo-hightrack',
  'matomo-heatmap',
] as const;
