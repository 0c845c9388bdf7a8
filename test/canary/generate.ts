import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { Hit } from '../../src/protocols/hit.ts';
import { say, type Said } from './consents.ts';
import { OTHER_IDS, type Kind } from './kinds.ts';
import { INGEST_KEY, type Profile } from './profiles.ts';
import { below, oneOf, random, type Random } from './random.ts';
import { Dirt, OTHER_NAMES } from './dirt.ts';
import { fodselsnummer } from './national-ids.ts';
import { digits, ipv4, ipv6, sessionStart, uuid, word } from './tokens.ts';

/** A hit full of canaries, and what is known about it. */
export interface Generated {
  readonly hit: Hit;
  readonly said: Said;
  readonly serial: number;
  /** Everything that came in with it, as it was written. */
  readonly values: readonly (readonly [kind: Kind, value: string])[];
  /** Those that have nothing in them to be known by: searched for as they stand. */
  readonly literals: readonly (readonly [kind: Kind, value: string])[];
}

const DAY = 86_400_000;
const seconds = (at: number): number => Math.floor(at / 1000);

/** Parameters that name a click, a visitor or a recipient, and belong to nobody this gateway sends to (R46). */
const TRACKERS: readonly string[] = trackers();

function trackers(): string[] {
  const text = readFileSync(new URL('trackers.txt', import.meta.url), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** Names that say by themselves that the value is personal (R42). */
const PERSONAL_NAMES = [
  'email',
  'user_email',
  'phone',
  'fodselsnummer',
  'password',
  'customerName',
  'access_token',
  'address',
  'ssn',
];
/** Names of identifiers that have a field of their own (R46, R47). */
const IDENTIFIER_NAMES = [
  'gclid',
  'fbclid',
  'client_id',
  'user_id',
  'fbp',
  '_fbc',
  'msclkid',
  'li_fat_id',
  'epik',
  'hubspotutk',
  'rdt_cid',
  'dclid',
  'sccid',
  'ttclid',
  'ttp',
  ...OTHER_NAMES,
];
/** Keys of web hits that name a person, or that are not documented (`destinations/ga4.md` 3.3, 4). */
const UNKNOWN_KEYS = [
  'ecid',
  'ecsid',
  '_fid',
  'auid',
  '_fplc',
  '_geo',
  'gap.x',
  'sst.uc',
  'dp',
  '_rnd',
  'ec_mode',
  'x-ga-ecid',
  'zz',
];
/** Parameters of GA4 that name a list, a promotion or a shop. */
const LISTS = [
  'item_list_name',
  'promotion_name',
  'creative_name',
  'creative_slot',
  'affiliation',
  'payment_type',
  'content_group',
];
const ITEM_TEXTS = [
  'item_brand',
  'item_category',
  'item_category2',
  'item_list_name',
  'coupon',
  'affiliation',
  'promotion_name',
  'creative_name',
];
const HEADERS = [
  'x-real-ip',
  'true-client-ip',
  'forwarded',
  'x-client-data',
  'via',
  'x-forwarded-host',
  'x-request-id',
  'dnt',
  'traceparent',
  'from',
  'x-custom',
];

/** Hit number `serial` of a run: the same again for the same profile. */
export function generate(profile: Profile, serial: number): Generated {
  const chance = random(serial * 2_654_435_761);
  return new Maker(profile, serial, chance).make();
}

/** What a JSON event of a back end has, as far as another form of it says the same. */
interface Stated {
  readonly name: string;
  readonly page: { readonly url: string; readonly referrer?: string; readonly title: string };
  readonly params: object;
  readonly user_properties?: object;
  readonly visitor: Readonly<Record<'client_id' | 'session_id' | 'ip' | 'user_agent', string>>;
  readonly language?: string;
  readonly screen?: string;
}

class Maker {
  private readonly profile: Profile;
  private readonly serial: number;
  private readonly chance: Random;
  private readonly values: (readonly [Kind, string])[] = [];
  private readonly dirt: Dirt;
  private cookieText = '';
  private ownOfCookies = 0;

  constructor(profile: Profile, serial: number, chance: Random) {
    this.profile = profile;
    this.serial = serial;
    this.chance = chance;
    this.dirt = new Dirt(chance, serial, (kind, value) => this.note(kind, value));
  }

  make(): Generated {
    const { profile, serial, chance } = this;
    const backend = profile.backend && chance() < 0.2;
    const web = !backend && chance() < 0.7;
    const said = say(chance, profile, serial, web);
    this.note('consentId', word('consentId', serial));
    this.cookieText = this.cookies(said);
    this.ownOfCookies = this.dirt.own.length;
    const measured = backend && profile.measurement && chance() < 0.5;
    const called = !measured && !web && chance() < 0.4;
    const hit = measured
      ? this.measurementHit(said)
      : called
        ? this.segmentHit(said, backend)
        : web
          ? this.webHit(said)
          : this.jsonHit(said, backend);
    return { hit, said, serial, values: this.values, literals: this.dirt.literals };
  }

  /** Writes a canary down and gives it back. */
  private note(kind: Kind, value: string): string {
    this.values.push([kind, value]);
    return value;
  }

  private word(kind: Kind): string {
    return this.note(kind, word(kind, this.serial));
  }

  private maybe(share = 0.5): boolean {
    return this.chance() < share;
  }

  private one<T>(list: readonly T[]): T {
    return oneOf(this.chance, list);
  }

  private address(kind: Parameters<typeof ipv4>[0]): string {
    const four = ipv4(kind, this.serial);
    const six = ipv6(kind, this.serial);
    const text = this.one([four, four, six, `::ffff:${four}`, six.toUpperCase()]);
    this.note(kind, four);
    return this.note(kind, text);
  }

  /** Writes down an id that the visitor is known by; copies of it may stand anywhere else. */
  private own(kind: Kind, value: string): string {
    this.dirt.own.push(value);
    return this.note(kind, value);
  }

  /** Free text, now and then with something in it that may be in none. */
  private dirty(clean: string): string {
    return this.maybe(0.7) ? clean : this.dirt.beside(clean);
  }

  /** What may have the form of an article's number, which exempts it from what merely looks like a person's. */
  private article(kind: Kind): string {
    return this.maybe(0.85) ? this.word(kind) : this.noId();
  }

  /** Stands where an order number or an event id should, and is none. */
  private noId(): string {
    const { dirt } = this;
    return this.one([
      () => dirt.mail(),
      () => dirt.pair(),
      () => dirt.format(),
      () => (dirt.own.length === 0 ? dirt.mail() : this.one(dirt.own)),
    ])();
  }

  // The page's address ------------------------------------------------------------------------------------------------

  private page(): string {
    const { profile } = this;
    const own = this.maybe(0.2) ? `${this.word('userinfo')}:x@` : '';
    const segments = ['butikk', this.word('path')];
    if (this.maybe(0.15))
      segments.push(
        this.one([encodeURI, encodeURIComponent])(this.dirt.text()).replaceAll('?', '%3F').replaceAll('#', '%23'),
      );
    const query: string[] = [];
    const add = (key: string, value: string): void => void query.push(`${key}=${value}`);
    const spelled = (name: string): string =>
      this.maybe(0.1)
        ? name.toUpperCase()
        : this.maybe(0.1)
          ? `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`
          : name;
    if (this.maybe()) add('utm_campaign', this.maybe(0.3) ? this.nested() : this.dirtyQuery(this.word('utm')));
    if (this.maybe(0.05)) add(`utm_campaign[${encodeURIComponent(this.dirt.text())}]`, 'x');
    if (this.maybe(0.1)) add(encodeURIComponent(this.dirt.text()), '1');
    if (this.maybe(0.3)) add('utm_source', this.one(['google', 'newsletter']));
    if (this.maybe())
      add(this.one(['ref', 'q', 'kunde', 'email', 'sid', 'redirect']) + this.one(['', '2', '[]']), this.word('query'));
    if (this.maybe()) add(spelled('gclid'), this.own('gclid', word('gclid', this.serial)));
    if (this.maybe(0.3)) add(spelled('gbraid'), this.own('gbraid', word('gbraid', this.serial)));
    if (this.maybe(0.3)) add(spelled('wbraid'), this.own('wbraid', word('wbraid', this.serial)));
    if (this.maybe(0.2)) add(spelled('dclid'), this.own('dclid', word('dclid', this.serial)));
    if (this.maybe(0.2)) add(spelled('srsltid'), this.word('srsltid'));
    if (this.maybe()) add(spelled('fbclid'), this.own('fbclid', word('fbclid', this.serial)));
    if (this.maybe()) add(spelled('msclkid'), this.hex('msclkid'));
    if (this.maybe()) add(spelled('li_fat_id'), this.own('liFatId', uuid('liFatId', this.serial)));
    if (this.maybe()) add(spelled('epik'), this.own('epik', `dj0y${word('epik', this.serial)}`));
    if (this.maybe()) add(spelled('rdt_cid'), this.own('rdtCid', word('rdtCid', this.serial)));
    if (this.maybe()) add(spelled('ScCid'), this.own('sccid', word('sccid', this.serial)));
    if (this.maybe()) add(spelled('ttclid'), this.own('ttclid', `E.C.P.${word('ttclid', this.serial)}`));
    for (const { kind, row } of OTHER_IDS) {
      const isParam = row.param !== undefined && kind.endsWith('of a page');
      if (isParam && this.maybe()) add(spelled(row.param), this.own(kind, word(kind, this.serial)));
    }
    for (let i = below(this.chance, 4); i > 0; i--) add(this.one(TRACKERS), this.word('tracker'));
    const separator = this.one(['&', '&', '&', ';']);
    const search = query.length === 0 ? '' : `?${query.join(separator)}`;
    const hash = this.maybe(0.3) ? `#${this.one(['', '/', '!/?x='])}${this.word('fragment')}` : '';
    return this.note('query', `${profile.origin.replace('://', `://${own}`)}/${segments.join('/')}${search}${hash}`);
  }

  private hex(kind: 'msclkid' | 'uetCookie' | 'utkCookie'): string {
    return this.own(kind, `ab${digits(kind, this.serial)}cdef0123456789abc`);
  }

  /** A listed key may hold an address of its own. */
  private nested(): string {
    return encodeURIComponent(
      `https://partner.example/x?ref=${this.word('nestedQuery')}&gclid=${this.word('nestedQuery')}`,
    );
  }

  private dirtyQuery(clean: string): string {
    return encodeURIComponent(this.dirty(clean));
  }

  private referrer(): string {
    const more = this.maybe(0.1) ? `/${encodeURIComponent(this.dirt.text())}` : '';
    return `https://${this.word('referrerHost')}.example/${this.word('referrerPath')}${more}?q=${this.word('referrerQuery')}&gclid=${this.word('referrerQuery')}`;
  }

  // Cookies and headers -----------------------------------------------------------------------------------------------

  private cookies(said: Said): string {
    const at = this.profile.now - 20 * 60_000;
    const { serial } = this;
    const list = [...said.cookies, `theme=${this.word('otherCookie')}`, `PHPSESSID=${this.word('otherCookie')}`];
    if (this.maybe(0.6)) list.push(`_ga=GA1.1.${this.own('gaCookie', `${digits('gaCookie', serial)}.${seconds(at)}`)}`);
    if (this.maybe(0.4))
      list.push(`_ga_TEST000001=GS2.1.s${this.note('session', sessionStart(serial))}$o3$g1$t${seconds(at)}$j60`);
    if (this.maybe()) list.push(`_fbp=${this.own('fbpCookie', `fb.1.${at}.${digits('fbpCookie', serial)}`)}`);
    if (this.maybe(0.4)) list.push(`_fbc=${this.own('fbcCookie', `fb.1.${at}.${this.word('fbcCookie')}`)}`);
    if (this.maybe(0.4))
      list.push(`_gcl_aw=${this.own('gclAwCookie', `GCL.${seconds(at)}.${word('gclAwCookie', serial)}`)}`);
    if (this.maybe(0.3))
      list.push(`_gcl_au=${this.own('gclAuCookie', `1.1.${word('gclAuCookie', serial)}.${seconds(at)}`)}`);
    if (this.maybe(0.3)) list.push(`_uetmsclkid=_uet${this.hex('uetCookie')}`);
    if (this.maybe(0.3)) list.push(`_uetvid=${this.own('uetvidCookie', word('uetvidCookie', serial))}`);
    if (this.maybe(0.3)) list.push(`li_fat_id=${this.own('liCookie', uuid('liCookie', serial))}`);
    if (this.maybe(0.3)) list.push(`hubspotutk=${this.hex('utkCookie')}`);
    if (this.maybe(0.2)) {
      const id = this.own('hstcCookie', word('hstcCookie', serial));
      list.push(
        `__hstc=1.${id}.${at}.${at}.${at}.1`,
        `__hssc=${this.own('hsscCookie', word('hsscCookie', serial))}.1.${at}`,
      );
    }
    if (this.maybe(0.3)) list.push(`_epik=${this.own('epikCookie', `dj0y${word('epikCookie', serial)}`)}`);
    if (this.maybe(0.2))
      list.push(`_derived_epik=${this.own('derivedEpikCookie', `dj0y${word('derivedEpikCookie', serial)}`)}`);
    if (this.maybe(0.2)) list.push(`_pin_unauth=${this.own('pinCookie', `dWlkPU${word('pinCookie', serial)}`)}`);
    if (this.maybe(0.3)) list.push(`_rdt_cid=${this.own('rdtCidCookie', word('rdtCidCookie', serial))}`);
    if (this.maybe(0.3)) list.push(`_rdt_uuid=${at}.${this.own('rdtUuidCookie', uuid('rdtUuidCookie', serial))}`);
    if (this.maybe(0.2)) list.push(`_rdt_em=${this.own('rdtEmCookie', word('rdtEmCookie', serial))}`);
    if (this.maybe(0.3)) {
      const id = this.own('pkCookie', `abc${digits('pkCookie', serial)}`);
      list.push(`_pk_id.3.1fff=${id}.${seconds(at)}.`);
    }
    if (this.maybe(0.3)) list.push(`_scclid=${this.own('scclidCookie', word('scclidCookie', serial))}`);
    if (this.maybe(0.3)) list.push(`_scid=${this.own('scidCookie', uuid('scidCookie', serial))}`);
    if (this.maybe(0.2)) list.push(`_scid_r=${this.own('scidCopyCookie', uuid('scidCopyCookie', serial))}`);
    if (this.maybe(0.3)) list.push(`ttclid=${this.own('ttclidCookie', `E.C.P.${word('ttclidCookie', serial)}`)}`);
    if (this.maybe(0.3)) list.push(`_ttp=${this.own('ttpCookie', `${word('ttpCookie', serial)}YkS1j57AYSKTI`)}`);
    if (this.maybe(0.2))
      list.push(`ttcsid_D6AP4E3C77U3L7SP8O7G=${this.own('ttcsidCookie', word('ttcsidCookie', serial))}`);
    for (const { kind, row } of OTHER_IDS) {
      if (row.cookie === undefined || !kind.endsWith('of a cookie') || this.maybe()) continue;
      const id = this.own(kind, word(kind, serial));
      list.push(`${row.cookie.name}=${row.cookie.click?.write(id, at, 'example.no') ?? id}`);
    }
    for (const name of ['pv_id', '_hjid', '_clck'])
      if (this.maybe(0.1)) list.push(`${name}=${this.own('otherCookie', word('otherCookie', serial))}`);
    return list.join('; ');
  }

  private agent(): string {
    const system = this.one([
      'Windows NT 10.0; Win64; x64',
      'Macintosh; Intel Mac OS X 10_15_7',
      'Linux; Android 14; K',
      'X11; Linux x86_64',
    ]);
    return this.note(
      'userAgent',
      `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.7499.193 Safari/537.36 ${this.word('userAgent')}/1.0`,
    );
  }

  private headers(said: Said, json: boolean, backend: boolean): Record<string, string> {
    const headers: Record<string, string> = {
      'accept-language': `nb-NO,${this.word('header')}`,
      'user-agent': this.agent(),
    };
    headers['x-forwarded-for'] = `${this.address('ipForwarded')}, 10.0.0.1`;
    for (let i = 0; i < 3; i++)
      headers[this.one(HEADERS)] = this.maybe() ? this.word('header') : this.address('ipHeader');
    headers['sec-ch-ua-model'] = `"${this.word('header')}"`;
    if (json) headers['content-type'] = 'application/json';
    if (said.gpc) headers['sec-gpc'] = '1';
    if (backend) return { ...headers, authorization: `Bearer ${INGEST_KEY}` };
    headers['origin'] = this.profile.origin;
    headers['referer'] = this.referrer();
    headers['cookie'] = this.cookieText;
    return headers;
  }

  // GA4 web hits ------------------------------------------------------------------------------------------------------

  private webHit(said: Said): Hit {
    const shared = this.sharedKeys(said);
    const lines = Array.from({ length: this.maybe(0.7) ? 1 : 1 + below(this.chance, 3) }, () => this.eventKeys());
    const get = lines.length === 1 && this.maybe(0.4);
    const text = (pairs: readonly (readonly [string, string])[]): string =>
      pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&');
    return this.hit({
      method: get ? 'GET' : 'POST',
      path: '/g/collect',
      query: text(get ? [...shared, ...(lines[0] ?? [])] : shared),
      headers: this.headers(said, false, false),
      body: get ? '' : lines.map(text).join('\r\n'),
    });
  }

  private sharedKeys(said: Said): [string, string][] {
    const { serial, chance } = this;
    const at = this.profile.now - 10 * 60_000;
    const pairs: [string, string][] = [['v', '2']];
    const put = (key: string, value: string | (() => string), share = 1): void => {
      if (this.maybe(share)) pairs.push([key, typeof value === 'string' ? value : value()]);
    };
    put('tid', this.profile.streams.length === 0 || this.maybe(0.01) ? 'G-NOBODYS01' : this.one(this.profile.streams));
    const age = chance();
    if (age < 0.7) put('cid', this.own('cid', `${digits('cid', serial)}.${seconds(at)}`));
    else if (age < 0.8)
      put('cid', this.own('cidOld', `${digits('cidOld', serial)}.${seconds(this.profile.now - 500 * DAY)}`));
    else if (age < 0.9) put('cid', this.own('cidUndated', digits('cidUndated', serial)));
    else if (age < 0.92) put('cid', this.dirt.mail());
    if (said.gcs !== undefined) put('gcs', said.gcs);
    if (said.gcd !== undefined) put('gcd', said.gcd);
    put('dma', '1', 0.5);
    put('dma_cps', this.one(['syphamo', 'a', '-', this.word('consentKey')]), 0.5);
    put('pscdl', this.one(['noapi', 'denied', this.word('consentKey')]), 0.5);
    for (const [key, value] of said.keys) put(key, value);
    put('gtm', this.maybe() ? '45je61d1v9101234567za200' : `45je61d1${this.word('transport')}`);
    put(this.one(['tag_exp', 'gdid', 'edid', '_eu', '_s', 'tfd', 'frm']), this.word('transport'), 0.3);
    put('_p', this.maybe(0.8) ? this.note('pageLoad', digits('pageLoad', serial)) : this.word('sessionText'));
    put('sid', this.maybe(0.8) ? this.note('session', sessionStart(serial)) : this.word('sessionText'), 0.8);
    put('sct', this.maybe(0.8) ? '3' : this.word('sessionText'), 0.6);
    put('ul', this.maybe(0.8) ? 'nb-no' : this.word('languageText'));
    put('sr', this.maybe(0.8) ? '1440x900' : this.word('screenText'));
    put('uafvl', `${this.word('clientHint')};143.0.7499.193`, 0.5);
    put('uam', this.word('clientHint'), 0.5);
    put('_uip', this.address('ipParam'), 0.3);
    put('uid', () => this.userId(), 0.5);
    put('em', this.em(), 0.5);
    put('dl', () => this.page(), 0.9);
    put('dr', this.referrer(), 0.7);
    put('dt', this.dirty(`Krus ${this.word('title')}`), 0.8);
    put(this.one(['cs', 'cc', 'ct', 'cn', 'ci', 'cmt']), this.dirty(this.word('campaign')), 0.3);
    put(this.one(UNKNOWN_KEYS), this.word('unknownKey'), 0.6);
    return pairs;
  }

  private em(): string {
    const hashed = createHash('sha256').update(this.word('hashedEmail')).digest('base64url');
    const clear = `~em.${this.word('clearEm')}~fn0.${this.word('clearEm')}`;
    return `tv.1~em.${hashed}${this.maybe(0.4) ? clear : ''}`;
  }

  private eventKeys(): [string, string][] {
    const name = this.eventName();
    const pairs: [string, string][] = [['en', name]];
    const put = (key: string, value: string, share = 0.5): void => {
      if (this.maybe(share)) pairs.push([key, value]);
    };
    put('cu', this.maybe(0.9) ? 'NOK' : this.word('currencyText'), 0.9);
    put('epn.value', '599.5', 0.9);
    put('ep.transaction_id', this.maybe(0.85) ? this.word('order') : this.noId(), 0.6);
    put('ep.event_id', this.maybe(0.85) ? this.word('eventId') : this.noId(), 0.3);
    put('ep.coupon', this.dirty(this.word('coupon')));
    put('ep.search_term', this.dirty(this.word('searchTerm')));
    put('ep.note', this.dirty(this.word('param')));
    put('up.tier', this.dirty(this.word('property')));
    put(`ep.${this.one(LISTS)}`, this.dirty(this.word('param')), 0.3);
    put(`${this.one(['ep', 'up'])}.${this.dirt.name()}`, this.dirt.text(), 0.4);
    put(`${this.one(['ep', 'up'])}.${this.dirt.idName()}`, this.word('vendorId'));
    put(`${this.one(['ep', 'up'])}.${this.dirt.text()}`, 'x', 0.2);
    put(`${this.one(['ep', 'up'])}.${this.one(PERSONAL_NAMES)}`, this.word('personalParam'));
    put(`${this.one(['ep', 'up'])}.${this.one(IDENTIFIER_NAMES)}`, this.word('identifierParam'));
    put(`ep.${this.one(TRACKERS)}`, this.word('identifierParam'));
    put(`ep.${this.one(['link_url', 'page_path', 'file', 'text'])}`, this.url());
    put('gcu', '1', 0.1);
    put(
      'pr1',
      [
        `id${this.article('itemId')}~nm${this.dirty(this.word('itemName'))}~pr299.5~qt2`,
        this.maybe(0.3)
          ? `${this.one(['br', 'ca', 'c2', 'ln', 'cp', 'af', 'pn', 'cn', 'cs'])}${this.dirt.text()}`
          : 'br',
        `k0${this.one([...PERSONAL_NAMES, ...IDENTIFIER_NAMES])}~v0${this.word('personalParam')}~k1link~v1${this.url()}`,
        `k2${this.dirt.idName()}~v2${this.word('vendorId')}~k3${this.dirt.name()}~v3${this.dirt.text()}`,
      ].join('~'),
      0.7,
    );
    return pairs;
  }

  private eventName(): string {
    const roll = this.chance();
    if (roll < 0.5) return 'purchase';
    if (roll < 0.9) return this.one(['page_view', 'view_item', 'generate_lead', 'search', 'add_to_cart']);
    return this.maybe(0.7) ? this.word('eventName') : this.dirt.beside(this.word('eventName')).slice(0, 80);
  }

  /** What the site calls its visitor; some sites take for it what is personal already. */
  private userId(): string {
    const { serial } = this;
    const roll = this.chance();
    if (roll < 0.7) return this.own('userId', word('userId', serial));
    if (roll < 0.82) return this.note('mailUserId', `${this.word('mailUserId')}@example.no`);
    if (roll < 0.9) return `+${this.note('phoneUserId', `47${digits('phoneUserId', serial)}`)}`;
    if (roll < 0.95) return this.dirt.format();
    const number = this.note('nationalId', fodselsnummer(serial));
    this.dirt.literals.push(['nationalId', number]);
    return number;
  }

  /** An address as a value, whole or not, with things in its query. */
  private url(): string {
    const query = `gclid=${this.word('urlInParam')}&epost=${this.word('urlInParam')}&ref=${this.word('urlInParam')}`;
    return this.one([
      `https://partner.example/a?${query}`,
      `/a/b?${query}`,
      `//partner.example/?${query}#${this.word('urlInParam')}`,
      `se https://partner.example/a?${query}`,
    ]);
  }

  /** The name of an id as JSON takes it: letters, digits and underscores, seldom anything else. */
  private idKey(longest = 40): string {
    for (;;) {
      const name = this.dirt.idName();
      if (name.length <= longest && (/^[A-Za-z]\w*$/.test(name) || this.maybe(0.01))) return name;
    }
  }

  /** A name that is somebody's itself. */
  private dirtyKey(): string {
    const text = this.dirt.text();
    const names = this.dirt.own.filter((id) => /^[A-Za-z]\w{0,23}$/.test(id));
    if (names.length > 0 && this.maybe(0.8)) return this.one(names);
    // A name that is only too long is repeated in the answer to its sender.
    return /^\w{25,}$/.test(text) ? this.dirt.mail() : text;
  }

  // JSON events -------------------------------------------------------------------------------------------------------

  private jsonHit(said: Said, backend: boolean): Hit {
    const events = Array.from({ length: this.maybe(0.7) ? 1 : 2 }, () => this.jsonEvent(said, backend));
    return this.hit({
      method: 'POST',
      path: '/v1/events',
      query: this.maybe(0.2) ? `x=${this.word('unknownKey')}` : '',
      headers: this.headers(said, true, backend),
      body: JSON.stringify({ events }),
    });
  }

  private jsonEvent(said: Said, backend: boolean): object {
    const { serial } = this;
    const young = `${digits('cid', serial)}.${seconds(this.profile.now - 10 * 60_000)}`;
    // Ids of another event of the hit are not looked for here: one that cannot be read is not known by any.
    this.dirt.own.length = this.ownOfCookies;
    const known = backend || this.maybe(0.7);
    const clientId = !known
      ? ''
      : this.maybe(0.8)
        ? this.own('cid', young)
        : this.own('cidOld', `${digits('cidOld', serial)}.${seconds(this.profile.now - 500 * DAY)}`);
    const session = this.maybe(0.8) ? this.note('session', sessionStart(serial)) : this.word('sessionText');
    const visitor = backend
      ? {
          cookies: this.cookieText,
          client_id: clientId,
          session_id: this.maybe(0.9) ? session : this.dirt.text(),
          ip: this.address('ipStated'),
          user_agent: this.agent(),
          gpc: said.gpc,
        }
      : undefined;
    const named = (share: number, entry: () => object): object => (this.maybe(share) ? entry() : {});
    return {
      name: this.eventName(),
      ...named(0.4, () => ({ id: this.maybe(0.85) ? this.word('eventId') : this.noId() })),
      page: {
        url: this.page(),
        ...named(0.7, () => ({ referrer: this.referrer() })),
        title: this.dirty(`Krus ${this.word('title')}`),
      },
      params: {
        currency: 'NOK',
        value: 599.5,
        ...named(0.7, () => ({ transaction_id: this.word('order') })),
        ...named(0.5, () => ({ coupon: this.dirty(this.word('coupon')) })),
        ...named(0.5, () => ({ search_term: this.dirty(this.word('searchTerm')) })),
        ...named(0.5, () => ({ note: this.dirty(this.word('param')) })),
        ...named(0.3, () => ({ [this.one(PERSONAL_NAMES)]: this.word('personalParam') })),
        ...named(0.3, () => ({ [this.one(LISTS)]: this.dirty(this.word('param')) })),
        ...named(0.4, () => ({ [this.dirt.name()]: this.dirt.text() })),
        ...named(0.5, () => ({ [this.idKey()]: this.word('vendorId') })),
        ...named(0.05, () => ({ [this.dirtyKey()]: 'x' })),
        ...named(0.05, () => ({
          [this.dirt.name()]: { [this.dirt.idName()]: this.word('vendorId'), text: [this.dirt.text()] },
        })),
        ...named(0.5, () => ({ link_url: this.url() })),
        ...named(0.6, () => ({
          items: [
            {
              item_id: this.article('itemId'),
              item_name: this.dirty(this.word('itemName')),
              price: 299.5,
              ...named(0.3, () => ({ [this.one(ITEM_TEXTS)]: this.dirt.text() })),
              [this.idKey()]: this.word('vendorId'),
              [this.dirt.name()]: this.dirt.text(),
              [this.one([...PERSONAL_NAMES, ...IDENTIFIER_NAMES])]: this.word('personalParam'),
              link: this.url(),
            },
          ],
        })),
      },
      ...named(0.5, () => ({
        user_properties: {
          tier: this.dirty(this.word('property')),
          [this.idKey(24)]: this.word('vendorId'),
          [this.dirt.name()]: this.dirt.text(),
          ...named(0.05, () => ({ [this.dirtyKey()]: 'x' })),
          [this.one(PERSONAL_NAMES)]: this.word('personalParam'),
        },
      })),
      ...named(0.7, () => ({ user: this.user() })),
      ...(backend ? { visitor } : known ? { client_id: clientId, session_id: session } : {}),
      ...named(0.5, () => ({ language: this.maybe(0.8) ? 'nb-NO' : this.word('languageText') })),
      ...named(0.5, () => ({ screen: this.maybe(0.8) ? '1440x900' : this.word('screenText') })),
    };
  }

  /** A back end's event as the Measurement Protocol has it: what it says of one event is said of all. */
  private measurementHit(said: Said): Hit {
    const { name, page, params, user_properties, visitor, language, screen } = this.jsonEvent(said, true) as Stated;
    const { client_id, session_id, ip, user_agent, ...seen } = visitor;
    const { authorization: _, ...headers } = this.headers(said, true, true);
    const properties = Object.entries(user_properties ?? {}).map(([key, value]) => [key, { value }] as const);
    const email = this.note('email', `${this.word('email')}@example.no`);
    const stated = this.maybe();
    return this.hit({
      method: 'POST',
      path: '/mp/collect',
      query: `measurement_id=${this.one(this.profile.streams)}&api_secret=${INGEST_KEY}&x=${this.word('unknownKey')}`,
      headers,
      body: JSON.stringify({
        ...(stated ? {} : { client_id, ip_override: ip, user_agent }),
        user_id: this.userId(),
        user_properties: Object.fromEntries(properties),
        user_data: {
          sha256_email_address: [createHash('sha256').update(email).digest('hex'), email],
          address: [{ sha256_first_name: this.word('firstName'), city: this.word('city') }],
        },
        device: { language, screen_resolution: screen, brand: this.word('unknownKey') },
        [this.word('unknownKey')]: this.word('unknownKey'),
        events: [
          {
            name,
            params: {
              ...params,
              session_id,
              page_location: page.url,
              page_referrer: page.referrer,
              page_title: page.title,
              ...(this.maybe(0.3) ? { event_id: this.word('eventId') } : {}),
            },
          },
        ],
        portvakt: { visitor: { ...seen, ...(stated ? { client_id, ip, user_agent } : {}) } },
      }),
    });
  }

  /** An event as Segment's SDKs have it, with what else they say; names as the site has written them. */
  private segmentHit(said: Said, backend: boolean): Hit {
    const event = this.jsonEvent(said, backend) as Stated & {
      readonly id?: string;
      readonly client_id?: string;
      readonly user?: { id?: string };
    };
    const { name, page, params, visitor, language, user, client_id } = event;
    const { transaction_id, search_term, ...rest } = params as Readonly<Record<string, unknown>>;
    const mail = `${this.word('email')}@example.no`;
    const call = {
      type: name === 'page_view' ? 'page' : 'track',
      event: name === 'purchase' && this.maybe() ? 'Order Completed' : name,
      messageId: event.id ?? `ajs-next-${this.profile.now}-${this.word('eventId')}`,
      anonymousId: this.own('cidUndated', digits('cidUndated', this.serial)),
      ...(user?.id === undefined ? {} : { userId: user.id }),
      timestamp: new Date(this.profile.now - 60_000).toISOString(),
      properties: {
        ...rest,
        order_id: transaction_id,
        query: search_term,
        recipient: this.note('email', mail),
        [this.dirt.text()]: 'x',
        [`${this.one(PERSONAL_NAMES)} of it`]: this.word('personalParam'),
        ...(this.maybe(0.2)
          ? { products: [{ product_id: this.article('itemId'), url: this.url(), name: this.dirt.text() }] }
          : {}),
      },
      integrations: {
        All: true,
        ...(client_id === undefined || client_id === '' ? {} : { 'Google Analytics 4': { clientId: client_id } }),
        ...(this.maybe(0.2) ? { 'Facebook Pixel': true } : {}),
      },
      context: {
        page: { ...page, path: this.word('path'), search: `?gclid=${this.word('urlInParam')}` },
        locale: language,
        ip: this.address(backend ? 'ipStated' : 'ipParam'),
        userAgent: backend ? this.agent() : this.word('userAgent'),
        userAgentData: { model: this.word('clientHint') },
        traits: { email: mail, firstName: this.word('firstName'), address: { city: this.word('city') } },
        consent: this.maybe(0.3)
          ? { categoryPreferences: { C0001: true, [this.word('unknownKey')]: true } }
          : undefined,
        library: { name: this.word('unknownKey') },
        ...(visitor === undefined ? {} : { portvakt: { visitor } }),
      },
      _metadata: { x: this.word('unknownKey') },
    };
    return this.hit({
      method: 'POST',
      path: this.one(['/v1/batch', '/v1/b']),
      query: '',
      headers: this.headers(said, true, backend),
      body: JSON.stringify({
        writeKey: this.word('unknownKey'),
        batch: [call],
        sentAt: new Date(this.profile.now).toISOString(),
      }),
    });
  }

  private user(): object {
    const mail = `${this.word('email')}${this.one(['', '+nett'])}@Example.no`;
    const upper = (text: string): string => (this.maybe(0.3) ? text.toUpperCase() : text);
    return {
      id: this.userId(),
      ...(this.maybe(0.8) ? { email: this.note('email', ` ${upper(mail)} `) } : {}),
      ...(this.maybe(0.8) ? { phone: `+47${this.note('phone', `47${digits('phone', this.serial)}`).slice(2)}` } : {}),
      first_name: upper(this.word('firstName')),
      last_name: upper(this.word('lastName')),
      street: upper(this.word('street')),
      city: upper(this.word('city')),
      region: upper(this.word('region')),
      postal_code: this.word('postalCode'),
      country: 'NO',
    };
  }

  private hit(parts: Pick<Hit, 'method' | 'path' | 'query' | 'headers' | 'body'>): Hit {
    return {
      ...parts,
      id: createHash('md5').update(`hit ${this.serial}`).digest('hex'),
      at: this.profile.now,
      host: this.profile.host,
      peer: this.address('ipPeer'),
    };
  }
}
