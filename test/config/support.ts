import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';
import type { Finding } from '../../src/config/lint/finding.ts';

/** The day of these tests: sunset dates and `since` are compared with it. */
export const NOW = Date.UTC(2026, 10, 23);

/** The smallest useful configuration, with parts of its one site replaced or added. */
export function yaml(parts: Readonly<Record<string, string>> = {}, rest = ''): string {
  const site: Record<string, string> = {
    hosts: '[metrics.example.no]',
    origins: '[https://shop.example.no]',
    country: 'NO',
    destinations: '{ ga4: { measurement_id: G-TEST000001, api_secret: "${GA4_API_SECRET}", region: eu } }',
    ...parts,
  };
  const lines = Object.entries(site).map(([key, value]) => `${key}: ${value}`);
  return `sites:\n  - ${lines.join('\n    ')}\n${rest}`;
}

export function load(text: string): LoadedConfig {
  const loaded = loadConfig(text, 'gateway.yaml', NOW);
  if ('config' in loaded) return loaded;
  throw new Error(JSON.stringify(loaded.findings, null, 1));
}

/** Everything said about a configuration, whether or not it loads. */
export function findings(text: string): readonly Finding[] {
  const loaded = loadConfig(text, 'gateway.yaml', NOW);
  return 'config' in loaded ? loaded.notes : loaded.findings;
}

export function errors(text: string): readonly Finding[] {
  return findings(text).filter(({ kind }) => kind === 'error');
}
