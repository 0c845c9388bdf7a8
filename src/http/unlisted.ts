import { parseCookies } from '../consent/cookie-header.ts';
import { unlistedPlatforms } from '../consent/unlisted.ts';
import type { Trace } from '../decide/trace.ts';

/** The first hits without a readable consent are all searched; after these one in `THEN_ONE_IN` is. */
const FIRST = 1_000;
const THEN_ONE_IN = 100;

/** Finds consent platforms that are not configured although their record arrives, and reports each once. */
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
    if (consent === undefined || hit.headers['cookie'] === undefined) return;
    // If one consent record can be read, no other is needed.
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
  return cookies === undefined ? [] : unlistedPlatforms(parseCookies(cookies), site.consentReaders);
}

/** The advice about such a platform, for the log and the preview. */
export function unlistedWords(platform: string): string {
  return `a consent record of ${platform} arrives in a cookie and is not read: add \`${platform}\` to \`consent.cmp\` if the site uses it`;
}
