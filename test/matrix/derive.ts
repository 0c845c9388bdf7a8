/**
 * The expected table, worked out from the rules of design 3 and the sheets alone, without the code of the gateway.
 * `matrix.test.ts` compares the table with this, and the gateway with the table.
 */

export const SIGNALS = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] as const;
export type Signal = (typeof SIGNALS)[number];

export const VENDORS = [
  'ga4',
  'google_ads',
  'floodlight',
  'meta',
  'linkedin',
  'hubspot',
  'matomo',
  'microsoft_ads',
  'pinterest',
  'reddit',
  'snapchat',
  'tiktok',
  'piwik_pro',
  'http',
] as const;
export type Vendor = (typeof VENDORS)[number];

export type Source = 'web' | 'json';
export type Config = 'block' | 'limited';

/** One row of the table in design 3. */
interface Rule {
  readonly needs: readonly Signal[];
  /** Fields that take more, inside a full event, by what the table calls them; per source, where there are such. */
  readonly beyond: readonly {
    readonly name: string;
    readonly needs: readonly Signal[];
    readonly of: readonly Source[];
  }[];
  /** Sources that have an identifier-free form. */
  readonly limited: readonly Source[];
  /** Sources whose events it can take at all. Default: all. */
  readonly full?: readonly Source[];
}

const RULES: Readonly<Record<Vendor, Rule>> = {
  ga4: {
    needs: ['analytics_storage'],
    beyond: [
      { name: 'clicks', needs: ['ad_storage'], of: ['web'] },
      { name: 'user_data', needs: ['ad_storage', 'ad_user_data'], of: ['web', 'json'] },
    ],
    limited: ['web'],
  },
  // ad_personalization is mirrored in the consent object: a word, not a form.
  google_ads: { needs: ['ad_storage', 'ad_user_data'], beyond: [], limited: ['web', 'json'] },
  floodlight: { needs: ['ad_storage', 'ad_user_data'], beyond: [], limited: [] },
  meta: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: [], limited: [] },
  linkedin: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: [], limited: [] },
  hubspot: { needs: ['ad_storage', 'ad_user_data'], beyond: [], limited: [] },
  matomo: { needs: ['analytics_storage'], beyond: [], limited: ['web', 'json'] },
  piwik_pro: { needs: ['analytics_storage'], beyond: [], limited: ['web', 'json'] },
  microsoft_ads: {
    needs: ['ad_storage', 'ad_personalization'],
    // A web hit has no address of its own for Microsoft: GA4's `em` is hashed Google's way.
    beyond: [{ name: 'user_data', needs: ['ad_user_data'], of: ['json'] }],
    limited: ['web', 'json'],
  },
  // A web hit has no e-mail address, and where the site sends no addresses Pinterest takes nothing else.
  pinterest: {
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    beyond: [],
    limited: [],
    full: ['json'],
  },
  reddit: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: [], limited: [] },
  snapchat: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: [], limited: [] },
  tiktok: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: [], limited: [] },
  // What the route of both configurations says it needs; nothing of a receiver's own is sent without it.
  http: {
    needs: ['ad_storage'],
    beyond: [{ name: 'user_data', needs: ['ad_user_data'], of: ['web', 'json'] }],
    limited: [],
  },
};

/** What a vendor gets: `silence`, `limited`, `full`, or `full` with what else is unlocked. */
export function cell(vendor: Vendor, granted: readonly string[], source: Source, config: Config): string {
  const rule = RULES[vendor];
  const has = (signals: readonly Signal[]) => signals.every((signal) => granted.includes(signal));
  if (has(rule.needs)) {
    if (rule.full?.includes(source) === false) return 'silence';
    return [
      'full',
      ...rule.beyond.filter((more) => more.of.includes(source) && has(more.needs)).map(({ name }) => name),
    ].join('+');
  }
  return config === 'limited' && rule.limited.includes(source) ? 'limited' : 'silence';
}

/** The consent words on the wire (`destinations/consent-mode.md` 2, 3, 5, 6, 7, 11). */
export function words(granted: readonly string[]): Readonly<Record<string, string>> {
  const [ad, analytics, userData, personalization] = SIGNALS.map((signal) => granted.includes(signal));
  // r = granted after a denied default. A denial may be written as the default or as the choice it was.
  const letter = (yes: boolean | undefined) => (yes === true ? 'r' : '[pq]');
  const word = (yes: boolean | undefined) => (yes === true ? 'GRANTED' : 'DENIED');
  return {
    gcs: `G1${ad === true ? 1 : 0}${analytics === true ? 1 : 0}`,
    // Norway lies in the EEA: dma=1, so the digit before the last letter is 2.
    gcd: `13${letter(ad)}3${letter(analytics)}3${letter(userData)}2${letter(personalization)}5l1`,
    npa: ad === true && personalization === true ? '0' : '1',
    dma_cps: userData === true ? 'a' : '-',
    pscdl: ad === true ? 'noapi' : 'denied',
    user_data: word(userData),
    personalization: word(personalization),
  };
}

/** All 16 states, in the order of the table. */
export const STATES: readonly (readonly Signal[])[] = Array.from({ length: 16 }, (_, mask) =>
  SIGNALS.filter((_signal, bit) => (mask & (1 << bit)) !== 0),
);
