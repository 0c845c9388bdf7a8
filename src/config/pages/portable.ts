import { destinations } from '../../../destinations/index.ts';
import type { Destination } from '../../core/destination.ts';
import type { RouteConfig } from '../compile/routes.ts';
import type { Config, SiteConfig } from '../schema.ts';

/** A configuration as data alone, destinations by name: what can travel to another thread. */
export interface PortableConfig extends Omit<Config, 'sites'> {
  readonly sites: readonly PortableSite[];
}

interface PortableSite extends Omit<SiteConfig, 'destinations'> {
  readonly destinations: ReadonlyMap<string, PortableRoute>;
}

interface PortableRoute extends Omit<RouteConfig, 'destination'> {
  readonly type: string;
}

/** The data of a configuration that has been read. */
export function toPortable(config: Config): PortableConfig {
  const route = ({ destination, ...rest }: RouteConfig): PortableRoute => ({ ...rest, type: destination.name });
  return { ...config, sites: config.sites.map((site) => ({ ...site, destinations: each(site.destinations, route) })) };
}

/** The configuration again, as it was read. */
export function fromPortable(config: PortableConfig): Config {
  const route = ({ type, ...rest }: PortableRoute): RouteConfig => ({
    ...rest,
    destination: destinations[type] as Destination,
  });
  return { ...config, sites: config.sites.map((site) => ({ ...site, destinations: each(site.destinations, route) })) };
}

function each<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
