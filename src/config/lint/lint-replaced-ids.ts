import { contradiction, type ConfigPath, type Remark } from './finding.ts';
import type { SiteConfig } from '../schema.ts';
import { DAY } from '../units.ts';

const HOUR = 3_600_000;

/**
 * Settings that would undo `replaced_ids`: replacing ids does not help where the address, the query or the whole
 * User-Agent identifies a visitor (requirements R1, R4-R8).
 */
export function lintReplacedIds({ privacy, cookies, destinations }: SiteConfig, path: ConfigPath): Remark[] {
  const { replaced_ids: replaced } = privacy;
  if (replaced === undefined) return [];
  const at = (...keys: readonly string[]): ConfigPath => [...path, ...keys];
  const remarks: Remark[] = [];
  const forbid = (where: ConfigPath, what: string, instead: string) => {
    remarks.push(
      contradiction(where, `${what} distinguishes visitors to whom \`replaced_ids\` gives the same id`, instead),
    );
  };
  if (replaced.window < HOUR || replaced.window > DAY || DAY % replaced.window !== 0) {
    remarks.push(
      contradiction(
        at('privacy', 'replaced_ids', 'window'),
        'a window lasts an hour to a day, and a day is a whole number of them',
        '24h',
      ),
    );
  }
  if (privacy.ip === 'truncate') forbid(at('privacy', 'ip'), 'an address, even cut,', 'none');
  if (privacy.user_agent === 'full') forbid(at('privacy', 'user_agent'), 'a whole User-Agent', 'family');
  if (privacy.url_query.length > 0) forbid(at('privacy', 'url_query'), 'a query', '[]');
  if (privacy.referrer === 'origin' || privacy.referrer === 'path')
    forbid(at('privacy', 'referrer'), 'the page of another site a visitor comes from', 'none');
  if (cookies.own_id) forbid(at('cookies', 'own_id'), 'an id of the gateway', 'false');
  for (const [name, { params }] of destinations) {
    if (params !== 'all') continue;
    remarks.push(
      contradiction(
        at('destinations', name, 'params'),
        '`replaced_ids` passes on no custom parameter that is not listed: any of them may tell visitors apart',
        'a list of names, or no such line',
      ),
    );
  }
  return remarks;
}
