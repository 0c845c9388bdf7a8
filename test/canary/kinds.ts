import { leavesOf, leavesToOthers, otherIds, otherNeeds, type OtherId } from './other-vendors.ts';

/**
 * What may go where, written down from design 3, the vendors' sheets and R1-R8, R46, R47. It is not derived from the
 * code that decides this. A value without a line here may go nowhere, under any consent.
 */

/** A set of the four gate signals. */
export const ADS = 1;
export const ANALYTICS = 2;
export const USER_DATA = 4;
export const PERSONAL = 8;
export const EVERYTHING = 15;

export type KnownVendor =
  | 'ga4'
  | 'google_ads'
  | 'floodlight'
  | 'http'
  | 'meta'
  | 'linkedin'
  | 'hubspot'
  | 'matomo'
  | 'microsoft_ads'
  | 'pinterest'
  | 'reddit'
  | 'tiktok'
  | 'snapchat'
  | 'piwik_pro';
/** One that has lines here, or one that was added since (`other-vendors.ts`). */
export type Vendor = string;

/**
 * Where a text was found: a vendor's request (and its row on disk, and its preview), or the gateway's own words:
 * `set-cookie`, `preview`, `elsewhere`.
 */
export type Place = Vendor;

/** `raw` in any encoding; `prefix`: the first half of an address; otherwise the digest it was found as. */
export type Form = 'raw' | 'prefix' | 'md5' | 'sha1' | 'sha256';

/** What the full form of each vendor needs (design 3, the table). */
const KNOWN_NEEDS: Readonly<Record<KnownVendor, number>> = {
  ga4: ANALYTICS,
  google_ads: ADS | USER_DATA,
  floodlight: ADS | USER_DATA,
  /** What its routes need is in their own `needs`. */
  http: 0,
  meta: ADS | USER_DATA | PERSONAL,
  linkedin: ADS | USER_DATA | PERSONAL,
  hubspot: ADS | USER_DATA,
  matomo: ANALYTICS,
  piwik_pro: ANALYTICS,
  microsoft_ads: ADS | PERSONAL,
  pinterest: ADS | USER_DATA | PERSONAL,
  reddit: ADS | USER_DATA | PERSONAL,
  tiktok: ADS | USER_DATA | PERSONAL,
  snapchat: ADS | USER_DATA | PERSONAL,
};

const KNOWN = Object.keys(KNOWN_NEEDS);
const NEEDS: Readonly<Record<Vendor, number>> = { ...KNOWN_NEEDS, ...otherNeeds(KNOWN) };

/** What the full form of a vendor needs. */
export function needsOf(vendor: Vendor): number {
  return NEEDS[vendor] ?? EVERYTHING;
}

/** Things a site's configuration decides. */
export type Choice =
  | 'keeps utm_campaign'
  | 'referrer origin'
  | 'referrer path'
  | 'ip truncate'
  | 'behind a proxy'
  | 'ids replaced'
  | 'user agent full'
  | 'merchant';

export interface Leave {
  readonly to: Place;
  readonly form: Form;
  /** Beyond what the vendor needs anyway. */
  readonly needs: number;
  /** It is part of the vendor's full form. */
  readonly full: boolean;
  /** It is part of the vendor's identifier-free form. */
  readonly limited: boolean;
  /** Only where the site chose all of these. */
  readonly where: readonly Choice[];
  /** In what is sent only: what is stored of it, and shown, is sealed. */
  readonly sealed?: boolean;
}

const to = (place: Place, more: Partial<Omit<Leave, 'to'>> = {}): Leave => ({
  to: place,
  form: more.form ?? 'raw',
  needs: more.needs ?? 0,
  full: more.full ?? true,
  limited: more.limited ?? false,
  where: more.where ?? [],
});

const hashed = (place: KnownVendor, needs = 0): Leave => to(place, { form: 'sha256', needs });
/** In the clear, and sealed until it is sent. */
const sealed = (place: KnownVendor, needs = 0): Leave => ({ ...to(place, { needs }), sealed: true });
const eachFull: readonly Leave[] = (
  [
    'ga4',
    'google_ads',
    'floodlight',
    'meta',
    'linkedin',
    'microsoft_ads',
    'pinterest',
    'reddit',
    'tiktok',
    'snapchat',
  ] as const
).map((vendor) => to(vendor));
/** Kept for the conversion that comes pages later, in the vendor's own cookie (design 3a). */
const kept = to('set-cookie', { needs: ADS });
const google = [to('ga4', { needs: ADS }), to('google_ads'), kept];
const cut = (place: Vendor, ...where: readonly Choice[]): Leave =>
  to(place, { form: 'prefix', where: ['ip truncate', ...where] });
const GOOGLE_USER = ADS | USER_DATA;
/** `destinations/http.md` 1: user data beside what the route needs, and in the clear only where the route names it. */
const leadHash = hashed('http', ADS | USER_DATA);
const lead = sealed('http', ADS | USER_DATA);

/** Every kind of thing that comes in, and where it may leave to. */
const KNOWN_KINDS = {
  // Addresses: R1. Whole ones never; the first half only where the site says `ip: truncate`.
  ipPeer: [cut('ga4'), cut('matomo'), cut('piwik_pro'), cut('meta'), cut('pinterest'), cut('tiktok'), cut('snapchat')],
  ipForwarded: [
    cut('ga4', 'behind a proxy'),
    cut('matomo', 'behind a proxy'),
    cut('piwik_pro', 'behind a proxy'),
    cut('meta', 'behind a proxy'),
    cut('pinterest', 'behind a proxy'),
    cut('tiktok', 'behind a proxy'),
    cut('snapchat', 'behind a proxy'),
  ],
  ipHeader: [],
  /** The Measurement Protocol gets a country at most (`destinations/ga4.md` 2.7). */
  ipStated: [cut('matomo'), cut('piwik_pro'), cut('meta'), cut('pinterest'), cut('tiktok'), cut('snapchat')],
  ipParam: [],

  // Device: R7.
  userAgent: [
    to('ga4', { needs: EVERYTHING, where: ['user agent full'] }),
    to('matomo', { needs: EVERYTHING, where: ['user agent full'] }),
    to('piwik_pro', { needs: EVERYTHING, where: ['user agent full'] }),
    to('meta', { where: ['user agent full'] }),
    to('pinterest', { where: ['user agent full'] }),
    to('tiktok', { where: ['user agent full'] }),
    to('snapchat', { where: ['user agent full'] }),
    to('reddit', { where: ['user agent full'] }),
  ],
  clientHint: [to('ga4', { needs: EVERYTHING, where: ['user agent full'] })],
  header: [],
  languageText: [],
  screenText: [],

  // The page's address: listed query keys only, no fragment, no userinfo (R6, R40).
  path: [
    to('ga4', { limited: true }),
    to('matomo', { limited: true }),
    to('piwik_pro', { limited: true }),
    to('meta'),
    to('microsoft_ads', { limited: true }),
    to('pinterest'),
    // The address is read for the ping only; the API has no field for it.
    to('google_ads', { full: false, limited: true }),
    to('tiktok'),
    to('snapchat'),
    to('reddit'),
    // The first 200 characters (`destinations/hubspot/README.md`).
    to('hubspot'),
    to('http'),
  ],
  utm: [
    to('ga4', { where: ['keeps utm_campaign'] }),
    to('matomo', { where: ['keeps utm_campaign'] }),
    to('piwik_pro', { where: ['keeps utm_campaign'] }),
    to('meta', { where: ['keeps utm_campaign'] }),
    to('microsoft_ads', { where: ['keeps utm_campaign'] }),
    to('pinterest', { where: ['keeps utm_campaign'] }),
    to('tiktok', { where: ['keeps utm_campaign'] }),
    to('snapchat', { where: ['keeps utm_campaign'] }),
    to('reddit', { where: ['keeps utm_campaign'] }),
    // `hs_page_url` is the page's address as the site's `privacy` leaves it.
    to('hubspot', { where: ['keeps utm_campaign'] }),
    to('http', { where: ['keeps utm_campaign'] }),
  ],
  query: [],
  tracker: [],
  fragment: [],
  userinfo: [],
  nestedQuery: [],
  referrerHost: [
    to('ga4', { where: ['referrer origin'] }),
    to('ga4', { where: ['referrer path'] }),
    to('matomo', { where: ['referrer origin'] }),
    to('piwik_pro', { where: ['referrer origin'] }),
    to('matomo', { where: ['referrer path'] }),
    to('piwik_pro', { where: ['referrer path'] }),
    to('tiktok', { where: ['referrer origin'] }),
    to('tiktok', { where: ['referrer path'] }),
    to('http', { where: ['referrer origin'] }),
    to('http', { where: ['referrer path'] }),
  ],
  referrerPath: [
    to('ga4', { where: ['referrer path'] }),
    to('matomo', { where: ['referrer path'] }),
    to('tiktok', { where: ['referrer path'] }),
    to('piwik_pro', { where: ['referrer path'] }),
    to('http', { where: ['referrer path'] }),
  ],
  referrerQuery: [],

  // Click ids: with ad_storage, each to its owner (R46, R47).
  gclid: [...google, to('floodlight')],
  gbraid: google,
  wbraid: google,
  dclid: [to('ga4', { needs: ADS }), to('floodlight'), kept],
  srsltid: [to('ga4', { needs: ADS })],
  fbclid: [to('meta'), kept],
  msclkid: [to('microsoft_ads'), kept],
  liFatId: [to('linkedin'), kept],
  sccid: [to('snapchat'), kept],
  ttclid: [to('tiktok'), kept],
  epik: [to('pinterest'), kept],
  rdtCid: [to('reddit'), kept],

  // Cookies: each under its signal, to its owner, and back to the browser it came from.
  gaCookie: [to('ga4'), to('set-cookie', { needs: ANALYTICS })],
  fbpCookie: [to('meta'), kept],
  fbcCookie: [to('meta'), kept],
  gclAwCookie: [to('google_ads'), to('floodlight'), kept],
  gclAuCookie: [kept],
  uetCookie: [to('microsoft_ads'), kept],
  liCookie: [to('linkedin'), kept],
  scclidCookie: [to('snapchat'), kept],
  scidCookie: [to('snapchat'), kept],
  /** A copy of `_scid`, which Snap is not sent. */
  scidCopyCookie: [kept],
  ttclidCookie: [to('tiktok'), kept],
  ttpCookie: [to('tiktok'), kept],
  /** The session of TikTok's pixel, which it is not sent. */
  ttcsidCookie: [kept],
  uetvidCookie: [kept],
  utkCookie: [to('hubspot'), kept],
  /** Visits, which HubSpot is not sent. */
  hstcCookie: [kept],
  hsscCookie: [],
  epikCookie: [to('pinterest'), kept],
  derivedEpikCookie: [kept],
  pinCookie: [kept],
  rdtCidCookie: [to('reddit'), kept],
  rdtUuidCookie: [to('reddit'), kept],
  rdtEmCookie: [kept],
  /** `destinations/matomo.md` 2, 7. */
  pkCookie: [to('matomo'), to('set-cookie', { needs: ANALYTICS })],
  otherCookie: [],
  consentId: [],

  // Identifiers.
  cid: [to('ga4')],
  /** Older than any cap, or without a time: a keyed hash goes in its place. */
  cidOld: [],
  cidUndated: [],
  pageLoad: [to('ga4')],
  session: [to('ga4')],
  /** Not in the form of a session, a session count or a page load, so it could be anything. */
  sessionText: [],
  userId: [
    to('ga4', { needs: GOOGLE_USER }),
    hashed('meta'),
    hashed('linkedin'),
    hashed('pinterest'),
    to('matomo', { needs: GOOGLE_USER }),
    hashed('tiktok'),
    hashed('snapchat'),
    to('piwik_pro', { needs: GOOGLE_USER }),
    hashed('reddit'),
    to('http', { needs: GOOGLE_USER }),
  ],

  // A user id that is personal is none: it goes only where the vendor takes it hashed, as what it is.
  mailUserId: [
    hashed('ga4', GOOGLE_USER),
    hashed('google_ads'),
    hashed('floodlight'),
    hashed('meta'),
    hashed('linkedin'),
    hashed('microsoft_ads', USER_DATA),
    hashed('pinterest'),
    hashed('tiktok'),
    hashed('snapchat'),
    hashed('reddit'),
    sealed('hubspot'),
    leadHash,
    lead,
  ],
  phoneUserId: [
    hashed('ga4', GOOGLE_USER),
    hashed('google_ads'),
    hashed('floodlight'),
    hashed('meta'),
    hashed('microsoft_ads', USER_DATA),
    hashed('pinterest'),
    hashed('tiktok'),
    hashed('snapchat'),
    hashed('reddit'),
    leadHash,
    lead,
  ],

  // User data: hashed, and only where the vendor can match on it.
  email: [
    hashed('ga4', GOOGLE_USER),
    hashed('google_ads'),
    hashed('floodlight'),
    hashed('meta'),
    hashed('linkedin'),
    hashed('microsoft_ads', USER_DATA),
    hashed('pinterest'),
    hashed('tiktok'),
    hashed('snapchat'),
    hashed('reddit'),
    // It has no hashed form (`destinations/hubspot.md` 2).
    sealed('hubspot'),
    leadHash,
    lead,
  ],
  phone: [
    hashed('ga4', GOOGLE_USER),
    hashed('google_ads'),
    hashed('floodlight'),
    hashed('meta'),
    hashed('microsoft_ads', USER_DATA),
    hashed('pinterest'),
    hashed('tiktok'),
    hashed('snapchat'),
    hashed('reddit'),
    leadHash,
    lead,
  ],
  firstName: [
    hashed('ga4', GOOGLE_USER),
    hashed('google_ads'),
    hashed('floodlight'),
    hashed('meta'),
    hashed('linkedin'),
    hashed('pinterest'),
    hashed('tiktok'),
    hashed('snapchat'),
    lead,
  ],
  lastName: [
    hashed('ga4', GOOGLE_USER),
    hashed('google_ads'),
    hashed('floodlight'),
    hashed('meta'),
    hashed('linkedin'),
    hashed('pinterest'),
    hashed('tiktok'),
    hashed('snapchat'),
    lead,
  ],
  street: [hashed('ga4', GOOGLE_USER), lead],
  // Regions of Pinterest's and Snap's are codes of two letters, their postcodes digits (`destinations/pinterest.md` 4,
  // `destinations/snapchat.md` 4); these are neither.
  // TikTok takes places in the clear (`destinations/tiktok.md` 4).
  city: [
    to('ga4', { needs: GOOGLE_USER }),
    hashed('meta'),
    hashed('pinterest'),
    to('tiktok'),
    hashed('snapchat'),
    lead,
  ],
  region: [to('ga4', { needs: GOOGLE_USER }), hashed('meta'), to('tiktok'), lead],
  postalCode: [
    to('ga4', { needs: GOOGLE_USER }),
    to('google_ads'),
    to('floodlight'),
    hashed('meta'),
    hashed('tiktok'),
    lead,
  ],
  /** The hash inside GA4's `em`. */
  hashedEmail: [hashed('ga4', GOOGLE_USER), hashed('google_ads'), hashed('floodlight')],
  clearEm: [],

  // Personal data in free text: R40-R45.
  emailInText: [],
  phoneInText: [],
  nationalId: [],
  /** Behind the name of a vendor's id, in a list or in JSON. */
  clickInText: [],
  /** In the form of a vendor's cookie or click id. */
  formatInText: [],
  /** Under the name of somebody's id. */
  vendorId: [],
  personalParam: [],
  identifierParam: [],
  urlInParam: [],
  unknownKey: [],
  currencyText: [],
  consentKey: [],

  // What the event itself is about: class event and page.
  // A name of the site's own could say anything: where nothing was allowed it stays here.
  eventName: [to('ga4'), to('matomo'), to('piwik_pro'), to('microsoft_ads'), to('preview')],
  title: [
    to('ga4', { limited: true }),
    to('matomo', { limited: true }),
    to('piwik_pro', { limited: true }),
    to('hubspot'),
    to('http'),
  ],
  // A custom variable of Floodlight's where the route names it.
  param: [to('ga4'), to('floodlight'), to('matomo'), to('piwik_pro'), to('hubspot'), to('http')],
  property: [to('ga4')],
  /** Not in the form that the key has. */
  transport: [],
  campaign: [to('ga4')],
  coupon: [to('ga4'), to('floodlight'), to('http')],
  searchTerm: [
    to('ga4'),
    to('matomo'),
    to('piwik_pro'),
    to('meta'),
    to('microsoft_ads'),
    to('pinterest'),
    to('tiktok'),
    to('snapchat'),
    to('hubspot'),
    to('http'),
  ],
  itemName: [
    to('ga4'),
    to('matomo'),
    to('piwik_pro', { limited: true }),
    to('microsoft_ads'),
    to('tiktok'),
    to('http'),
  ],
  itemId: [
    to('ga4'),
    to('matomo'),
    to('piwik_pro', { limited: true }),
    to('meta'),
    to('microsoft_ads'),
    to('google_ads', { where: ['merchant'] }),
    to('floodlight', { where: ['merchant'] }),
    to('pinterest'),
    to('tiktok'),
    to('snapchat'),
    to('reddit'),
    to('hubspot'),
    to('http'),
  ],
  order: [...eachFull, to('matomo'), to('piwik_pro'), to('hubspot'), to('http')],
  eventId: [...eachFull, to('http')],
} as const satisfies Readonly<Record<string, readonly Leave[]>>;

/**
 * What the record of a vendor's event may hold beside what is sent to it, because the vendor's form is made of it: under
 * the same consent, and as the privacy floor has left it.
 */
const IN_RECORDS: Readonly<Partial<Record<keyof typeof KNOWN_KINDS, readonly Leave[]>>> = {
  // Of items these are sent the ids, or the numbers only.
  itemId: [to('google_ads')],
  itemName: [
    to('google_ads'),
    to('floodlight', { where: ['merchant'] }),
    to('meta'),
    to('pinterest'),
    to('reddit'),
    to('snapchat'),
  ],
  // HubSpot's own id of the event is made of it.
  eventId: [to('hubspot')],
  // A number is made of it.
  pageLoad: [to('matomo'), to('piwik_pro'), to('microsoft_ads')],
  // Only its country is told, by the vendor that can tell.
  ipStated: [cut('ga4')],
};

/** Identifiers of vendors that were added since. */
export const OTHER_IDS = otherIds(KNOWN);

export type Kind = keyof typeof KNOWN_KINDS | OtherId['kind'];

export const KINDS: Readonly<Record<Kind, readonly Leave[]>> = Object.fromEntries([
  ...Object.entries(KNOWN_KINDS).map(([kind, leaves]) => [kind, [...leaves, ...leavesToOthers(kind, KNOWN)]]),
  ...OTHER_IDS.map((id) => [id.kind, leavesOf(id, KNOWN)]),
]) as Readonly<Record<Kind, readonly Leave[]>>;

export const KIND_NAMES = Object.keys(KINDS) as Kind[];

/**
 * Where ids are replaced (R1-R9) these reach no vendor either: ids of any sort, click ids, campaign parameters, order
 * numbers and coupons, what the site calls its visitors, and parameters nobody has listed.
 */
const NOT_WHERE_IDS_ARE_REPLACED: ReadonlySet<Kind> = new Set<Kind>([
  ...(['sccid', 'scclidCookie', 'scidCookie'] as const),
  ...(['ttclid', 'ttclidCookie', 'ttpCookie'] as const),
  ...(['utkCookie'] as const),
  ...(['cid', 'gaCookie', 'session', 'pageLoad', 'userId', 'order', 'eventId', 'coupon', 'property', 'param'] as const),
  ...([
    'utm',
    'campaign',
    'gclid',
    'gbraid',
    'wbraid',
    'dclid',
    'srsltid',
    'fbclid',
    'msclkid',
    'liFatId',
    'epik',
    'rdtCid',
  ] as const),
  ...(['email', 'phone', 'firstName', 'lastName', 'street', 'city', 'region', 'postalCode', 'hashedEmail'] as const),
  ...(['mailUserId', 'phoneUserId'] as const),
  ...([
    'userAgent',
    'clientHint',
    'referrerHost',
    'referrerPath',
    'fbpCookie',
    'fbcCookie',
    'pkCookie',
    'ipPeer',
  ] as const),
]);

/** Whose cookie it is kept in: written only while one of them may have it. */
const OWNERS: Readonly<Partial<Record<Kind, readonly Vendor[]>>> = {
  ...owned(['sccid', 'scclidCookie', 'scidCookie', 'scidCopyCookie'], ['snapchat']),
  ...owned(['ttclid', 'ttclidCookie', 'ttpCookie', 'ttcsidCookie'], ['tiktok']),
  ...owned(
    ['gclid', 'gbraid', 'wbraid', 'dclid', 'gclAwCookie', 'gclAuCookie', 'gaCookie'],
    ['ga4', 'google_ads', 'floodlight'],
  ),
  ...owned(['fbclid', 'fbpCookie', 'fbcCookie'], ['meta']),
  ...owned(['msclkid', 'uetCookie', 'uetvidCookie'], ['microsoft_ads']),
  ...owned(['liFatId', 'liCookie'], ['linkedin']),
  ...owned(['utkCookie', 'hstcCookie', 'hsscCookie'], ['hubspot']),
  ...owned(['epik', 'epikCookie', 'derivedEpikCookie', 'pinCookie'], ['pinterest']),
  ...owned(['rdtCid', 'rdtCidCookie', 'rdtUuidCookie', 'rdtEmCookie'], ['reddit']),
  ...owned(['pkCookie'], ['matomo']),
};

function owned(kinds: readonly Kind[], vendors: readonly Vendor[]): Partial<Record<Kind, readonly Vendor[]>> {
  return Object.fromEntries(kinds.map((kind) => [kind, vendors]));
}

/** What is known about the place where something was found. */
export interface Setting {
  readonly place: Place;
  /** Signals the visitor has granted for it, as the generator of the hit knows. */
  readonly granted: number;
  /** The same for a cookie of these vendors, where it is not the same for all. */
  readonly grantedTo?: (vendor: Vendor) => number;
  /** It is what is stored for the place, rather than what is sent to it. */
  readonly stored?: boolean;
  /** Signals that the route itself asks for, beyond what its vendor needs. */
  readonly routeNeeds?: number;
  /** The operator chose `without_consent: limited` for the route. */
  readonly limited: boolean;
  readonly choices: ReadonlySet<Choice>;
}

/** The line of the table that lets it pass; undefined = a leak. */
export function permission(kind: Kind, form: Form, setting: Setting): string | undefined {
  const { place, limited, choices, grantedTo } = setting;
  const owners = place === 'set-cookie' && grantedTo !== undefined ? OWNERS[kind] : undefined;
  const granted =
    owners === undefined || grantedTo === undefined
      ? setting.granted
      : owners.reduce((mask, vendor) => mask | grantedTo(vendor), 0);
  if (place in NEEDS && choices.has('ids replaced') && NOT_WHERE_IDS_ARE_REPLACED.has(kind)) return undefined;
  const stored =
    setting.stored === true && !choices.has('ids replaced') ? IN_RECORDS[kind as keyof typeof IN_RECORDS] : [];
  const leaves: readonly Leave[] = [...(KINDS[kind] ?? []), ...(stored ?? [])];
  const base = (place in NEEDS ? needsOf(place) : 0) | (setting.routeNeeds ?? 0);
  const full = (granted & base) === base;
  for (const leave of leaves) {
    if (leave.to !== place || leave.form !== form) continue;
    if (leave.sealed === true && setting.stored === true) continue;
    if (!leave.where.every((choice) => choices.has(choice))) continue;
    if (full && leave.full && (granted & leave.needs) === leave.needs) return `${kind} ${form} -> ${place}, full`;
    if (!full && limited && leave.limited) return `${kind} ${form} -> ${place}, limited`;
  }
  return undefined;
}

/**
 * Every line `permission` can answer with: what a run long enough must have seen, or it has proved little.
 */
export function allPermissions(): string[] {
  const lines = new Set<string>();
  for (const kind of KIND_NAMES) {
    for (const leave of [...(KINDS[kind] ?? []), ...(IN_RECORDS[kind as keyof typeof IN_RECORDS] ?? [])]) {
      if (leave.full) lines.add(`${kind} ${leave.form} -> ${leave.to}, full`);
      if (leave.limited) lines.add(`${kind} ${leave.form} -> ${leave.to}, limited`);
    }
  }
  return [...lines].toSorted();
}
