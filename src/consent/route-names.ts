import { ServiceBook } from './services.ts';
import type { SiteConsent } from './types.ts';

const books = new WeakMap<SiteConsent, ServiceBook>();

/** The routes that these names mean: a route's own name, or a usual name of its vendor. */
export function routesCalled(names: readonly string[], site: SiteConsent): ReadonlySet<string> {
  let book = books.get(site);
  if (book === undefined) books.set(site, (book = new ServiceBook(site.routes, site.services)));
  const called = new Set<string>();
  for (const name of names) {
    for (const { name: route } of site.routes) if (route === name.toLowerCase()) called.add(route);
    for (const route of book.ownerOf(name)?.routes ?? []) called.add(route);
  }
  return called;
}
