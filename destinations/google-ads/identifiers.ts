import { dated, type Identifier, type Parsed } from '../../src/core/identifiers.ts';
import { endOf, secondsAt, segmentStart } from '../../src/core/issue-time.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    gclid: string;
    gbraid: string;
    wbraid: string;
    dclid: string;
  }
}

const gcl = (id: string, at: number): string => `GCL.${Math.floor(at / 1000)}.${id}`;
const gclNew = (id: string, at: number): string => `2.1.k${id}$i${Math.floor(at / 1000)}`;

/**
 * `destinations/google-ads.md` 5. Which parameters go into `google_click_params`: URL parameters.
 *
 * The sheet gives `_gcl_gb` for both of Google's braids, which would leave open what to send later. Google's own tag
 * keeps them apart, as can be seen in any browser: wbraid in `_gcl_gb`, gbraid in `_gcl_ag` in the newer form.
 */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Google',
    signal: 'ad_storage',
    cookie: {
      name: '_gcl_au',
      purpose: 'links ad clicks with what visitors do afterwards (Google Ads)',
      parse: dated(gclAuTime),
      subject: { kind: 'gclau', by: 'value' },
    },
    names: 'gcl gclau',
    forms: [{ head: '1.', rest: /\d\.\d{4,20}\.\d{10}(?:\.[\w.%-]{1,600})?|\d{10}\.[\w-]{8,600}/, digitAt: 4 }],
  },
  {
    owner: 'Google',
    signal: 'ad_storage',
    field: 'gclid',
    description: 'Google click id',
    param: 'gclid',
    alsoIn: 'google_click_params',
    peculiar: ['gclid'],
    cookie: {
      name: '_gcl_aw',
      purpose: 'the ad click that led to the site (`gclid`), for Google Ads',
      parse: parseGcl,
      click: { write: gcl, read: gclClickId },
    },
    newestOf: 'google',
    names: 'gclsrc',
    forms: [
      { head: 'GCL.', rest: /\d{8,13}\.[\w.~%-]{1,600}/ },
      { head: '2.1.k', rest: /[\w.~$%-]{4,600}/ },
      ...Array.from(
        'jwIKLMNOPQ',
        (second) => ({ head: `C${second}`, rest: /[0-9A-Za-z]K[\w-]{8,600}/, exact: true }) as const,
      ),
      { head: 'EAIaIQ', rest: /[\w-]{8,600}/, exact: true },
    ],
  },
  {
    owner: 'Google',
    signal: 'ad_storage',
    field: 'wbraid',
    description: 'Google click id, web on iOS',
    param: 'wbraid',
    alsoIn: 'google_click_params',
    peculiar: ['wbraid'],
    cookie: {
      name: '_gcl_gb',
      purpose: 'the ad click that led to the site (`wbraid`), for Google Ads',
      parse: parseGcl,
      click: { write: gcl, read: gclClickId },
    },
    newestOf: 'google',
    names: 'gclgs',
  },
  {
    owner: 'Google',
    signal: 'ad_storage',
    field: 'gbraid',
    description: 'Google click id, app to web',
    param: 'gbraid',
    alsoIn: 'google_click_params',
    peculiar: ['gbraid'],
    cookie: {
      name: '_gcl_ag',
      purpose: 'the ad click that led to the site (`gbraid`), for Google Ads',
      parse: parseGcl,
      click: { write: gclNew, read: gclClickId },
    },
    newestOf: 'google',
  },
  {
    owner: 'Google',
    signal: 'ad_storage',
    field: 'dclid',
    description: 'Google display click id',
    param: 'dclid',
    alsoIn: 'google_click_params',
    peculiar: ['dclid'],
    cookie: {
      name: '_gcl_dc',
      purpose: 'the ad click that led to the site (`dclid`), for Google Marketing Platform',
      parse: parseGcl,
      click: { write: gcl, read: gclClickId },
    },
    // The gclid of a Floodlight click is in both cookies; it is one id.
    unless: 'gclid',
  },
  { owner: 'Google', signal: 'ad_storage', param: 'srsltid', alsoIn: 'google_click_params' },
  ...['gclsrc', 'gad_source', 'gad_campaignid'].map((param): Identifier => {
    return { owner: 'Google', signal: 'ad_storage', param, label: true, alsoIn: 'google_click_params' };
  }),
  ...(
    [
      ['_gcl_*', 'other click records of Google Ads and Google Marketing Platform', gclTime],
      ['_gac_*', 'campaign data of a Google Ads click', gclTime],
      ['FPAU', 'links ad clicks with what visitors do afterwards, where a server container set it', gclAuTime],
      ['FPGCL*', 'the ad click that led to the site, where a server container set it', gclTime],
    ] as const
  ).map(([name, purpose, issued]): Identifier => {
    return { owner: 'Google', signal: 'ad_storage', cookie: { name, purpose, parse: dated(issued) } };
  }),
  {
    owner: 'Google',
    signal: 'ad_storage',
    cookie: {
      name: 'FPGSID',
      purpose: 'the session of a visitor, where a server container set it',
      life: 'session',
    },
    names: 'fpgcl fpgclaw',
  },
];

function parseGcl(value: string): Parsed {
  return { issued: gclTime(value), id: gclClickId(value) };
}

/** Issue time of `_gcl_au` and `FPAU`, `1.<level>.<random>.<unix s>[.…]`. */
export function gclAuTime(cookie: string): number | undefined {
  const level = cookie.indexOf('.');
  const random = cookie.indexOf('.', level + 1);
  const time = cookie.indexOf('.', random + 1);
  if (level < 1 || random === -1 || time === -1) return undefined;
  return secondsAt(cookie, time + 1, endOf(cookie, '.', time + 1));
}

/**
 * Issue time of the click cookies `_gcl_*`, `FPGCL*` and `_gac_*`: `GCL.<unix s>.<id>`, the newer
 * `2.1.k<id>$i<unix s>[$…]`, and `1.<unix s>.<id>`.
 */
export function gclTime(cookie: string): number | undefined {
  if (cookie.startsWith('2.')) {
    const start = segmentStart(cookie, 'i', endOf(cookie, '.', 2) + 1);
    return start === -1 ? undefined : secondsAt(cookie, start, endOf(cookie, '$', start));
  }
  if (!cookie.startsWith('GCL.') && !cookie.startsWith('1.')) return undefined;
  const start = cookie.indexOf('.') + 1;
  return secondsAt(cookie, start, endOf(cookie, '.', start));
}

/** The click id in such a cookie; undefined unless its time can be read, too. */
export function gclClickId(cookie: string): string | undefined {
  if (gclTime(cookie) === undefined) return undefined;
  if (cookie.startsWith('2.')) {
    const start = segmentStart(cookie, 'k', endOf(cookie, '.', 2) + 1);
    return start === -1 ? undefined : cookie.slice(start, endOf(cookie, '$', start)) || undefined;
  }
  return cookie.slice(endOf(cookie, '.', cookie.indexOf('.') + 1) + 1) || undefined;
}
