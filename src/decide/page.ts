import { isPlaceholder } from '../core/placeholders.ts';
import type { Site } from '../policy/gateway.ts';
import { wholeAddress } from '../privacy/url/page-address.ts';
import { type PageUrl, readUrl } from '../privacy/url/url.ts';
import type { Hit } from '../protocols/hit.ts';

/** The address of a page, parsed at the first read of `url`: after a refusal it is never parsed. */
export class PageAddress {
  readonly raw: string | undefined;
  readonly #hit: Hit;
  readonly #site: Site;
  #asked = false;
  #url: PageUrl | undefined;

  constructor(raw: string | undefined, hit: Hit, site: Site) {
    this.raw = raw;
    this.#hit = hit;
    this.#site = site;
  }

  /** Whether there is an address: the text `undefined` in its place is none. */
  get given(): boolean {
    return this.raw !== undefined && !isPlaceholder(this.raw);
  }

  /** For an event without a page: whether the page that sent the request is one whose events go nowhere. */
  get sentFromKept(): boolean {
    const { referer } = this.#hit.headers;
    return referer !== undefined && readUrl(referer, this.#site.privacy.url)?.neverForward === true;
  }

  /** Undefined where there is none, or none that can be read. */
  get url(): PageUrl | undefined {
    if (!this.#asked) {
      const whole = this.raw === undefined ? undefined : wholeAddress(this.raw, originOf(this.#hit, this.#site));
      this.#url = whole === undefined ? undefined : readUrl(whole, this.#site.privacy.url);
      this.#asked = true;
    }
    return this.#url;
  }
}

/** Where the page of a hit is: the listed origin that sent it, else the site's first. */
function originOf({ headers: { origin } }: Hit, { origins }: Site): string | undefined {
  if (origin !== undefined && origins.has(origin)) return origin;
  for (const first of origins) return first;
  return undefined;
}
