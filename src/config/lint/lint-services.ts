import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import { nearest } from '../../core/nearest.ts';
import type { SiteConfig } from '../schema.ts';

/** Platforms that number their services and list only the allowed ones. */
const NUMBERED = ['real-cookie-banner', 'consentmanager'] as const;
/** Routes whose numbers are known nevertheless (help.consentmanager.net). */
const KNOWN_NUMBERS: Readonly<Record<(typeof NUMBERED)[number], readonly string[]>> = {
  'real-cookie-banner': [],
  consentmanager: ['ga4', 'google_ads'],
};

/** What is wrong or doubtful about the owners of the services in a site's banner. */
export function lintServices(site: SiteConfig, path: ConfigPath): Remark[] {
  return [...lintNames(site, [...path, 'services']), ...lintNumbered(site, [...path, 'cmp'])];
}

/** Services of routes that do not exist. */
function lintNames({ consent, destinations }: SiteConfig, path: ConfigPath): Remark[] {
  const routes = [...destinations.keys()];
  return Object.entries(consent.services).flatMap(([service, names]) =>
    names.flatMap((name, i) =>
      destinations.has(name)
        ? []
        : [
            contradiction(
              [...path, service, i],
              `\`${name.slice(0, 64)}\` is not a route of this site; there are: ${routes.join(', ') || 'none'}`,
              nearest(name, routes),
            ),
          ],
    ),
  );
}

/** Routes that such a banner never opens, because no setting says which number is theirs. */
function lintNumbered({ consent, destinations }: SiteConfig, path: ConfigPath): Remark[] {
  const { cmp, services } = consent;
  if (cmp === 'auto') return [];
  const named = new Set(Object.values(services).flat());
  return NUMBERED.flatMap((platform) => {
    const at = cmp.indexOf(platform);
    if (at === -1) return [];
    const closed = [...destinations]
      .filter(
        ([name, { destination, services: own }]) =>
          own === undefined && !named.has(name) && !KNOWN_NUMBERS[platform].includes(destination.name),
      )
      .map(([name]) => name);
    if (closed.length === 0) return [];
    return [
      suspicious(
        [...path, at],
        `\`${platform}\` lists the services a visitor allows by number, and nothing says which number is whose: ` +
          `if the banner lists services, these routes stay closed: ${closed.join(', ')}`,
        `services: { "<number in the banner>": [${closed[0]}] }`,
      ),
    ];
  });
}
