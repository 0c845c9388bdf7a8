import type { ReplacedIds } from './replaced-id.ts';
import type { UrlPolicy } from './url/url.ts';

/** The privacy section of one site, compiled. */
export interface SitePrivacy {
  /** `none`: no address is read. `country`: derive, then drop. `truncate`: /24 and /32, pseudonymous. */
  readonly ip: 'none' | 'country' | 'truncate';
  readonly userAgent: 'drop' | 'family' | 'full';
  readonly url: UrlPolicy;
  /** Ids are replaced by ones that several visitors share; undefined = kept. */
  readonly replacedIds?: ReplacedIds | undefined;
}
