import type { ConsentReaders } from './readers.ts';

/** The routes that these names mean: a route's own name, or a usual name of its vendor. */
export function routesCalled(names: readonly string[], { site, book }: ConsentReaders): ReadonlySet<string> {
  const called = new Set<string>();
  for (const name of names) {
    for (const { name: route } of site.routes) if (route === name.toLowerCase()) called.add(route);
    for (const route of book.ownerOf(name)?.routes ?? []) called.add(route);
  }
  return called;
}
