import { keyOf, type StoredRoute } from '../record.ts';
import type { Head } from './head.ts';

/** Heads of the stored records, found by route and by subject. Ids grow, so the first record has the smallest id. */
export class Waiting {
  readonly #heads = new Map<number, Head>();
  readonly #byRoute = new Map<string, Set<number>>();
  readonly #bySubject = new Map<number, Set<number>>();
  #characters = 0;
  #events = 0;

  get size(): number {
    return this.#heads.size;
  }

  /** Events, counted for each of their routes. */
  get events(): number {
    return this.#events;
  }

  get characters(): number {
    return this.#characters;
  }

  get routes(): Iterable<string> {
    return this.#byRoute.keys();
  }

  get(id: number): Head | undefined {
    return this.#heads.get(id);
  }

  all(): readonly Head[] {
    return [...this.#heads.values()];
  }

  /** Records that name the subject. */
  of(subject: number): readonly Head[] {
    return [...(this.#bySubject.get(subject) ?? [])].map((id) => this.#heads.get(id) as Head);
  }

  /** Up to `limit` records that wait for the route and have an id above `after`. */
  after(route: string, after: number, limit: number): readonly Head[] {
    const found: Head[] = [];
    for (const id of this.#byRoute.get(route) ?? []) {
      if (id <= after) continue;
      if (found.length === limit) break;
      found.push(this.#heads.get(id) as Head);
    }
    return found;
  }

  /** For each route: how many records wait, and the first of them. */
  queues(): readonly (readonly [route: string, waiting: number, first: Head])[] {
    return [...this.#byRoute].map(([route, ids]) => {
      const [first = 0] = ids;
      return [route, ids.size, this.#heads.get(first) as Head] as const;
    });
  }

  add(head: Head): void {
    this.#heads.set(head.id, head);
    this.#characters += head.size;
    for (const route of head.routes) {
      put(this.#byRoute, keyOf(head, route), head.id);
      this.#events++;
    }
    for (const subject of head.subjects) put(this.#bySubject, subject, head.id);
  }

  /** Replaces a record that waits for the same routes, but whose stored values have changed. */
  replace(head: Head): void {
    this.#heads.set(head.id, head);
  }

  /** Leaves a record to these routes only; without routes it is deleted. Returns the rest. */
  leave(head: Head, routes: readonly StoredRoute[]): Head | undefined {
    for (const route of head.routes) {
      if (routes.includes(route)) continue;
      drop(this.#byRoute, keyOf(head, route), head.id);
      this.#events--;
    }
    if (routes.length > 0) {
      const left = { ...head, routes };
      this.#heads.set(head.id, left);
      return left;
    }
    this.#heads.delete(head.id);
    this.#characters -= head.size;
    for (const subject of head.subjects) drop(this.#bySubject, subject, head.id);
    return undefined;
  }

  clear(): void {
    this.#heads.clear();
    this.#byRoute.clear();
    this.#bySubject.clear();
    this.#characters = 0;
    this.#events = 0;
  }
}

function put<K>(map: Map<K, Set<number>>, key: K, id: number): void {
  const ids = map.get(key);
  if (ids === undefined) map.set(key, new Set([id]));
  else ids.add(id);
}

function drop<K>(map: Map<K, Set<number>>, key: K, id: number): void {
  const ids = map.get(key);
  ids?.delete(id);
  if (ids?.size === 0) map.delete(key);
}
