import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import { lintEvents, lintVendorNames } from './lint-events.ts';
import { lintParams } from './lint-params.ts';
import { lintRules } from './lint-rules.ts';
import { lintTakes } from './lint-takes.ts';
import type { RouteConfig } from '../compile/routes.ts';
import type { SiteConfig } from '../schema.ts';

/** What is wrong or doubtful about the routes of a site. */
export function lintRoutes(site: SiteConfig, path: ConfigPath, now: number): Remark[] {
  const routes = [...site.destinations];
  return [
    ...lintUserAgent(site, path.slice(0, -1)),
    ...routes.flatMap(([name, route]) => [
      ...lintRoute(name, route, [...path, name], now),
      ...lintParams(route, [...path, name], site),
      ...lintTakes(route, [...path, name], site),
      ...lintRules(route, [...path, name], site),
    ]),
    ...lintStreams(routes, path),
    ...lintTwins(routes, path),
  ];
}

/** A vendor that refuses events without a User-Agent takes nothing from a site that drops the User-Agent. */
function lintUserAgent({ privacy, destinations }: SiteConfig, path: ConfigPath): Remark[] {
  if (privacy.user_agent !== 'drop') return [];
  return [...destinations].flatMap(([name, { destination }]) =>
    destination.needsUserAgent === undefined
      ? []
      : [
          contradiction(
            [...path, 'privacy', 'user_agent'],
            `${destination.needsUserAgent}; \`drop\` leaves nothing of it for the route \`${name}\``,
            '`family`, which says no more than the browser and its major version, or no such route',
          ),
        ],
  );
}

function lintRoute(name: string, route: RouteConfig, path: ConfigPath, now: number): Remark[] {
  const { destination, settings } = route;
  const remarks: Remark[] = [];
  if (route.without_consent === 'limited') {
    const at = [...path, 'without_consent'];
    if (destination.limited === undefined) {
      remarks.push(
        contradiction(
          at,
          `${destination.title} has no form for visitors without consent: no such form exists`,
          'block',
        ),
      );
    }
    for (const key of destination.limited?.needsSettings ?? []) {
      if ((settings as Readonly<Record<string, unknown>>)[key] !== undefined) continue;
      remarks.push(
        contradiction(
          at,
          `\`limited\` needs \`${key}\` on this route`,
          `\`${key}\` beside it, or \`without_consent: block\``,
        ),
      );
    }
  }
  if (route.primary !== undefined && destination.stream === undefined) {
    remarks.push(
      contradiction(
        [...path, 'primary'],
        `\`primary\` is for routes that take the hits of a tag; ${destination.title} does not`,
      ),
    );
  }
  if (route.since !== undefined && route.since > now) {
    remarks.push(
      suspicious([...path, 'since'], 'this day has not come yet: until it has, no consent covers the route'),
    );
  }
  remarks.push(...lintEvents(route, path), ...lintVendorNames(route, path));
  for (const text of destination.bind(settings).warnings(now)) {
    remarks.push({ kind: 'warning', code: 'vendor', path, message: `${name}: ${text}` });
  }
  return remarks;
}

/** A web hit goes to the route with its measurement id. Other vendors follow one primary route. */
function lintStreams(routes: readonly (readonly [string, RouteConfig])[], path: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  const byStream = new Map<string, string>();
  let primary: string | undefined;
  for (const [name, route] of routes) {
    const stream = route.destination.stream?.(route.settings);
    if (stream === undefined) continue;
    const other = byStream.get(stream);
    if (other !== undefined) {
      remarks.push(
        contradiction(
          [...path, name],
          `\`${stream}\` belongs to the route \`${other}\` already: a hit can be sent to one of them only`,
        ),
      );
    }
    byStream.set(stream, other ?? name);
    if (route.primary !== true) continue;
    if (primary !== undefined) {
      remarks.push(
        contradiction([...path, name, 'primary'], `\`${primary}\` is the primary route already: there can be one only`),
      );
    }
    primary ??= name;
  }
  return remarks;
}

/** Two routes with the same settings count every event twice. */
function lintTwins(routes: readonly (readonly [string, RouteConfig])[], path: ConfigPath): Remark[] {
  const seen = new Map<string, string>();
  const remarks: Remark[] = [];
  for (const [name, { destination, settings, events, named }] of routes) {
    if (destination.stream !== undefined) continue;
    const key = JSON.stringify([destination.name, settings, events, [...named]]);
    const other = seen.get(key);
    if (other !== undefined)
      remarks.push(suspicious([...path, name], `the same as \`${other}\`: the vendor gets everything twice`));
    seen.set(key, other ?? name);
  }
  return remarks;
}
