import { parseCookies } from '../consent/cookie-header.ts';
import { unlistedPlatforms } from '../consent/unlisted.ts';
import type { Trace } from '../decide/trace.ts';

/** Hits without a readable consent that are all looked through; of those after them one in so many is. */
const FIRST = 1_000;
const THEN_ONE_IN = 100;

/** Finds consent platforms that a site does not read although their record arrives, and tells of each once. */
export class Unlisted {
  readonly #tell: (site: string, platform: string) => void;
  readonly #told = new Set<string>();
  /** By site: hits without a readable consent. */
  readonly #silent = new Map<string, number>();

  constructor(tell: (site: string, platform: string) => void) {
    this.#tell = tell;
  }

  look(trace: Trace): void {
    const { site, hit, events } = trace;
    const consent = events[0]?.consent;
    // Who has a consent that is read needs no other, and a back end's cookies are another visitor's.
    if (consent === undefined || hit.headers['cookie'] === undefined) return;
    if (consent.readings.some(({ status, onlyTakes }) => onlyTakes !== true && status !== 'none')) return;
    const silent = (this.#silent.get(site.name) ?? 0) + 1;
    this.#silent.set(site.name, silent);
    if (silent > FIRST && silent % THEN_ONE_IN !== 0) return;
    for (const platform of unlistedOf(trace)) {
      const key = `${site.name}\t${platform}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#tell(site.name, platform);
    }
  }
}

/** Platforms whose record came with the request and is not read. */
export function unlistedOf({ hit, site }: Trace): readonly string[] {
  const cookies = hit.headers['cookie'];
  return cookies === undefined ? [] : unlistedPlatforms(parseCookies(cookies), site.consent);
}

/** What a person should know of such a platform. */
export function unlistedWords(platform: string): string {
  return `a consent record of ${platform} arrives in a cookie and is not read: add \`${platform}\` to \`consent.cmp\` if the site uses it`;
}
