import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { Hit } from '../../src/sources/hit.ts';
import { say, type Said } from './consents.ts';
import type { Kind } from './kinds.ts';
import { INGEST_KEY, type Profile } from './profiles.ts';
import { below, oneOf, random, type Random } from './random.ts';
import { digits, ipv4, ipv6, sessionStart, uuid, word } from './tokens.ts';

/** A hit full of canaries, and what is known about it. */
export interface Generated {
  readonly hit: Hit;
  readonly said: Said;
  readonly serial: number;
  /** Everything that came in with it, as it was written. */
  readonly values: readonly (readonly [kind: Kind, value: string])[];
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
const IDENTIFIER_NAMES = ['gclid', 'fbclid', 'client_id', 'user_id', 'fbp', '_fbc', 'msclkid', 'li_fat_id', 'dclid'];
/** Keys of web hits that name somebody, or that nobody knows (`destinations/ga4.md` 3.3, 4). */
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

class Maker {
  private readonly profile: Profile;
  private readonly serial: number;
  private readonly chance: Random;
  private readonly values: (readonly [Kind, string])[] = [];

  constructor(profile: Profile, serial: number, chance: Random) {
    this.profile = profile;
    this.serial = serial;
    this.chance = chance;
  }

  make(): Generated {
    const { profile, serial, chance } = this;
    const backend = profile.backend && chance() < 0.2;
    const web = !backend && chance() < 0.7;
    const said = say(chance, profile, serial, web);
    this.note('consentId', word('consentId', serial));
    const hit = web ? this.webHit(said) : this.jsonHit(said, backend);
    return { hit, said, serial, values: this.values };
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

  /** An e-mail address in free text, in one of the spellings of R41. */
  private mailText(): string {
    const mail = `${this.word('emailInText')}@example.no`;
    const [name = '', host = ''] = this.note('emailInText', mail).split('@');
    return this.one([
      mail,
      `${name}%40${host}`,
      `${name}%2540${host}`,
      `<${mail}>`,
      `${name}&#64;${host}`,
      `mailto:${mail}`,
      `${name}＠${host}`,
    ]);
  }

  /** Free text that has personal data in it. */
  private dirty(clean: string): string {
    if (this.maybe(0.7)) return clean;
    if (this.maybe()) return `${clean} ${this.mailText()}`;
    return `${clean} tlf +${this.note('phoneInText', `4${digits('phoneInText', this.serial)}`)}`;
  }

  // The page's address ------------------------------------------------------------------------------------------------

  private page(): string {
    const { profile } = this;
    const own = this.maybe(0.2) ? `${this.word('userinfo')}:x@` : '';
    const segments = ['butikk', this.word('path')];
    if (this.maybe(0.15)) segments.push(encodeURI(this.mailText().replace('&#64;', '@')));
    const query: string[] = [];
    const add = (key: string, value: string): void => void query.push(`${key}=${value}`);
    const spelled = (name: string): string =>
      this.maybe(0.1)
        ? name.toUpperCase()
        : this.maybe(0.1)
          ? `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`
          : name;
    if (this.maybe()) add('utm_campaign', this.maybe(0.3) ? this.nested() : this.dirtyQuery(this.word('utm')));
    if (this.maybe(0.3)) add('utm_source', this.one(['google', 'newsletter']));
    if (this.maybe())
      add(this.one(['ref', 'q', 'kunde', 'email', 'sid', 'redirect']) + this.one(['', '2', '[]']), this.word('query'));
    if (this.maybe()) add(spelled('gclid'), this.word('gclid'));
    if (this.maybe(0.3)) add(spelled('gbraid'), this.word('gbraid'));
    if (this.maybe(0.3)) add(spelled('wbraid'), this.word('wbraid'));
    if (this.maybe(0.2)) add(spelled('dclid'), this.word('dclid'));
    if (this.maybe(0.2)) add(spelled('srsltid'), this.word('srsltid'));
    if (this.maybe()) add(spelled('fbclid'), this.word('fbclid'));
    if (this.maybe()) add(spelled('msclkid'), this.hex('msclkid'));
    if (this.maybe()) add(spelled('li_fat_id'), this.note('liFatId', uuid('liFatId', this.serial)));
    for (let i = below(this.chance, 4); i > 0; i--) add(this.one(TRACKERS), this.word('tracker'));
    const separator = this.one(['&', '&', '&', ';']);
    const search = query.length === 0 ? '' : `?${query.join(separator)}`;
    const hash = this.maybe(0.3) ? `#${this.one(['', '/', '!/?x='])}${this.word('fragment')}` : '';
    return this.note('query', `${profile.origin.replace('://', `://${own}`)}/${segments.join('/')}${search}${hash}`);
  }

  private hex(kind: 'msclkid' | 'uetCookie'): string {
    return this.note(kind, `ab${digits(kind, this.serial)}cdef0123456789abc`);
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
    return `https://${this.word('referrerHost')}.example/${this.word('referrerPath')}?q=${this.word('referrerQuery')}&gclid=${this.word('referrerQuery')}`;
  }

  // Cookies and headers -----------------------------------------------------------------------------------------------

  private cookies(said: Said): string {
    const at = this.profile.now - 20 * 60_000;
    const { serial } = this;
    const list = [...said.cookies, `theme=${this.word('otherCookie')}`, `PHPSESSID=${this.word('otherCookie')}`];
    if (this.maybe(0.6))
      list.push(`_ga=GA1.1.${this.note('gaCookie', `${digits('gaCookie', serial)}.${seconds(at)}`)}`);
    if (this.maybe(0.4))
      list.push(`_ga_TEST000001=GS2.1.s${this.note('session', sessionStart(serial))}$o3$g1$t${seconds(at)}$j60`);
    if (this.maybe()) list.push(`_fbp=${this.note('fbpCookie', `fb.1.${at}.${digits('fbpCookie', serial)}`)}`);
    if (this.maybe(0.4)) list.push(`_fbc=${this.note('fbcCookie', `fb.1.${at}.${this.word('fbcCookie')}`)}`);
    if (this.maybe(0.4)) list.push(`_gcl_aw=GCL.${seconds(at)}.${this.word('gclAwCookie')}`);
    if (this.maybe(0.3)) list.push(`_gcl_au=1.1.${this.word('gclAuCookie')}.${seconds(at)}`);
    if (this.maybe(0.3)) list.push(`_uetmsclkid=_uet${this.hex('uetCookie')}`);
    if (this.maybe(0.3)) list.push(`_uetvid=${this.word('uetvidCookie')}`);
    if (this.maybe(0.3)) list.push(`li_fat_id=${this.note('liCookie', uuid('liCookie', serial))}`);
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
    headers['cookie'] = this.cookies(said);
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
    const put = (key: string, value: string, share = 1): void => {
      if (this.maybe(share)) pairs.push([key, value]);
    };
    put('tid', this.profile.streams.length === 0 || this.maybe(0.01) ? 'G-NOBODYS01' : this.one(this.profile.streams));
    const age = chance();
    if (age < 0.7) put('cid', this.note('cid', `${digits('cid', serial)}.${seconds(at)}`));
    else if (age < 0.8)
      put('cid', this.note('cidOld', `${digits('cidOld', serial)}.${seconds(this.profile.now - 500 * DAY)}`));
    else if (age < 0.9) put('cid', this.note('cidUndated', digits('cidUndated', serial)));
    if (said.gcs !== undefined) put('gcs', said.gcs);
    if (said.gcd !== undefined) put('gcd', said.gcd);
    put('dma', '1', 0.5);
    put('dma_cps', this.one(['syphamo', 'a', '-', this.word('consentKey')]), 0.5);
    put('pscdl', this.one(['noapi', 'denied', this.word('consentKey')]), 0.5);
    put('npa', this.one(['0', '1', this.word('consentKey')]), 0.5);
    put('gtm', `45je61d1${this.word('transport')}`);
    put('_p', this.maybe(0.8) ? this.note('pageLoad', digits('pageLoad', serial)) : this.word('sessionText'));
    put('sid', this.maybe(0.8) ? this.note('session', sessionStart(serial)) : this.word('sessionText'), 0.8);
    put('sct', this.maybe(0.8) ? '3' : this.word('sessionText'), 0.6);
    put('ul', this.maybe(0.8) ? 'nb-no' : this.word('languageText'));
    put('sr', this.maybe(0.8) ? '1440x900' : this.word('screenText'));
    put('uafvl', `${this.word('clientHint')};143.0.7499.193`, 0.5);
    put('uam', this.word('clientHint'), 0.5);
    put('_uip', this.address('ipParam'), 0.3);
    put('uid', this.word('userId'), 0.5);
    put('em', this.em(), 0.5);
    put('dl', this.page(), 0.9);
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
    put('ep.transaction_id', this.maybe(0.9) ? this.word('order') : this.mailText(), 0.6);
    put('ep.event_id', this.maybe(0.9) ? this.word('eventId') : this.mailText(), 0.3);
    put('ep.coupon', this.dirty(this.word('coupon')));
    put('ep.search_term', this.dirty(this.word('searchTerm')));
    put('ep.note', this.dirty(this.word('param')));
    put('up.tier', this.dirty(this.word('property')));
    put(`${this.one(['ep', 'up'])}.${this.one(PERSONAL_NAMES)}`, this.word('personalParam'));
    put(`${this.one(['ep', 'up'])}.${this.one(IDENTIFIER_NAMES)}`, this.word('identifierParam'));
    put(`ep.${this.one(TRACKERS)}`, this.word('identifierParam'));
    put(`ep.${this.one(['link_url', 'page_path', 'file', 'text'])}`, this.url());
    put('gcu', '1', 0.1);
    put(
      'pr1',
      `id${this.word('itemId')}~nm${this.dirty(this.word('itemName'))}~pr299.5~qt2~k0${this.one([...PERSONAL_NAMES, ...IDENTIFIER_NAMES])}~v0${this.word('personalParam')}~k1link~v1${this.url()}`,
      0.7,
    );
    return pairs;
  }

  private eventName(): string {
    const roll = this.chance();
    if (roll < 0.5) return 'purchase';
    if (roll < 0.9) return this.one(['page_view', 'view_item', 'generate_lead', 'search', 'add_to_cart']);
    return this.word('eventName');
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
    const clientId = this.maybe(0.8)
      ? this.note('cid', young)
      : this.note('cidOld', `${digits('cidOld', serial)}.${seconds(this.profile.now - 500 * DAY)}`);
    const session = this.maybe(0.8) ? this.note('session', sessionStart(serial)) : this.word('sessionText');
    const visitor = backend
      ? {
          cookies: this.cookies(said),
          client_id: clientId,
          session_id: session,
          ip: this.address('ipStated'),
          user_agent: this.agent(),
          gpc: said.gpc,
        }
      : undefined;
    const named = (share: number, entry: () => object): object => (this.maybe(share) ? entry() : {});
    return {
      name: this.eventName(),
      ...named(0.4, () => ({ id: this.maybe(0.9) ? this.word('eventId') : this.mailText() })),
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
        ...named(0.5, () => ({ link_url: this.url() })),
        ...named(0.6, () => ({
          items: [
            {
              item_id: this.word('itemId'),
              item_name: this.dirty(this.word('itemName')),
              price: 299.5,
              [this.one([...PERSONAL_NAMES, ...IDENTIFIER_NAMES])]: this.word('personalParam'),
              link: this.url(),
            },
          ],
        })),
      },
      ...named(0.5, () => ({
        user_properties: {
          tier: this.dirty(this.word('property')),
          [this.one(PERSONAL_NAMES)]: this.word('personalParam'),
        },
      })),
      ...named(0.7, () => ({ user: this.user() })),
      ...(backend ? { visitor } : named(0.7, () => ({ client_id: clientId, session_id: session }))),
      ...named(0.5, () => ({ language: this.maybe(0.8) ? 'nb-NO' : this.word('languageText') })),
      ...named(0.5, () => ({ screen: this.maybe(0.8) ? '1440x900' : this.word('screenText') })),
    };
  }

  private user(): object {
    const mail = `${this.word('email')}${this.one(['', '+nett'])}@Example.no`;
    const upper = (text: string): string => (this.maybe(0.3) ? text.toUpperCase() : text);
    return {
      id: this.word('userId'),
      email: this.note('email', ` ${upper(mail)} `),
      phone: `+47${this.note('phone', `47${digits('phone', this.serial)}`).slice(2)}`,
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
