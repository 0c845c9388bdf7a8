import { OTHER_IDS, type Kind } from './kinds.ts';
import { below, oneOf, type Random } from './random.ts';
import { card, cpr, fodselsnummer, hetu, mobile, personnummer } from './national-ids.ts';
import { digits, ipv4, word } from './tokens.ts';

/** Writes down what a canary is, and gives it back. */
export interface Note {
  (kind: Kind, value: string): string;
}

/**
 * Things that may be in no free text: personal data in the spellings people and programs give it, ids of vendors by
 * their form or their name, and copies of what the hit itself says its visitor is known by.
 */
export class Dirt {
  readonly #chance: Random;
  readonly #serial: number;
  readonly #note: Note;
  /** Ids of this hit, as they stand in its cookies and keys. */
  readonly own: string[] = [];
  /** What has no word in it to be known by: searched for as it stands. */
  readonly literals: [Kind, string][] = [];

  constructor(chance: Random, serial: number, note: Note) {
    this.#chance = chance;
    this.#serial = serial;
    this.#note = note;
  }

  /** One of them, fit to stand in a text. */
  text(): string {
    const plain = this.#plain();
    return this.#chance() < 0.25 ? this.#disguised(plain) : plain;
  }

  #plain(): string {
    const roll = this.#chance();
    if (roll < 0.25) return this.mail();
    if (roll < 0.4) return this.phone();
    if (roll < 0.5) return this.#person();
    if (roll < 0.55) return this.#address();
    if (roll < 0.75) return this.pair();
    if (roll < 0.88 || this.own.length === 0) return this.format();
    return this.#one(this.own);
  }

  /** An e-mail address, alone, with something joined to it, or joined to another. */
  mail(): string {
    const name = this.#note('emailInText', word('emailInText', this.#serial));
    const mail = `${name}@example.no`;
    this.#note('emailInText', mail);
    return this.#one([
      mail,
      `${name}%40example.no`,
      `${name}%2540example.no`,
      `${name}%252540example.no`,
      `<${mail}>`,
      `${name}&#64;example.no`,
      `${name}&commat;example.no`,
      `mailto:${mail}`,
      `${name}\uff20example.no`,
      `${name}\\u0040example.no`,
      `${name}\\x40example.no`,
      `${mail}-4711`,
      `${mail}4711`,
      `${mail}${mail}`,
      `${mail};${mail}`,
      `kari/${mail}`,
      `kari.${name}+nett@mail.example.no`,
      `{"mail":"${mail}"}`,
      `{\\"mail\\":\\"${mail}\\"}`,
    ]);
  }

  /** A phone number with the sign of another country, or the prefix that stands for it. */
  phone(): string {
    const long = this.#note('phoneInText', `4${digits('phoneInText', this.#serial)}`);
    const short = mobile(this.#serial);
    const spelled = this.#one([`0047 ${grouped(short)}`, `0047${short}`, `+47 ${grouped(short)}`, `+47${short}`]);
    this.literals.push(['phoneInText', spelled.slice(spelled.startsWith('+') ? 1 : 2)]);
    return this.#one([`tlf +${long}`, `+${long}`, spelled, `(${spelled})`, `ring ${spelled} nå`]);
  }

  #person(): string {
    const serial = this.#serial;
    const fnr = fodselsnummer(serial);
    const number = this.#one([
      fnr,
      `${fnr.slice(0, 6)} ${fnr.slice(6)}`,
      `${fnr.slice(0, 6)}_${fnr.slice(6)}`,
      personnummer(serial),
      cpr(serial),
      hetu(serial),
      card(serial),
    ]);
    this.literals.push(['nationalId', this.#note('nationalId', number)]);
    return this.#one([number, `nr ${number}`, `(${number})`, `fnr: ${number}`]);
  }

  #address(): string {
    const address = this.#note('ipParam', ipv4('ipParam', this.#serial));
    return this.#one([address, `fra ${address}`, `${address}:8080`, `ip=${address}`]);
  }

  /** A value behind the name of a vendor's id: in a list, in JSON, in an address without its scheme. */
  pair(): string {
    const id = this.#note('clickInText', word('clickInText', this.#serial));
    const name = this.#one(CLICKS);
    return this.#one([
      `${name}=${id}`,
      `a=1&${name}=${id}&b=2`,
      `?${name}=${id}`,
      `shop.example.no/krus?${name}=${id}`,
      `//shop.example.no/krus?${name}=${id}`,
      `https://shop.example.no/krus?${name}=${id}`,
      `{"${name}":"${id}"}`,
      `{\\"${name}\\":\\"${id}\\"}`,
      `[{"x":{"${name}": "${id}"}}]`,
      `${name}%3D${id}`,
      `${name}%253D${id}`,
    ]);
  }

  /** The value of a vendor's cookie or click id, as it is written (`destinations/ga4.md` 7, `google-ads.md` 5, `meta.md` 6). */
  format(): string {
    const id = this.#note('formatInText', word('formatInText', this.#serial));
    const number = this.#note('formatInText', digits('formatInText', this.#serial));
    return this.#one([
      `fb.1.1795430000000.${id}`,
      `fb.2.1795430000000.${number}`,
      `GCL.1795430000.${id}`,
      `GA1.1.${number}.1795430000`,
      `GA1.2-2.${number}.1795430000`,
      `GS2.1.s1795430000$o1$g0$t1795430000$j60$l0$h${number}`,
      `GS1.1.1795430000.1.1.1795430000.60.0.${number}`,
      `1.1.${number}.1795430000`,
      `_uetab${number}cdef0123456789abc`,
      `Cj0KCQiA${id}`,
      `EAIaIQobChMI${id}`,
      `IwAR2${id}`,
      `IwY2xjawJ${id}`,
      `PAZXh0bgNhZW0${id}`,
      ...OTHER_FORMATS.map(({ write }) => write(id, 1_795_430_000_000, 'example.no')),
    ]);
  }

  /** A name of somebody's id, in any spelling that keeps its words apart. */
  idName(): string {
    const words = this.#one(ID_NAMES).split(' ');
    if (this.#chance() < 0.3) words.unshift(this.#one(['x', 'my', 'shop', 'fb', 'ck', 'google', 'meta']));
    const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
    return this.#one([
      words.join('_'),
      words.join('-'),
      words.join('.'),
      words.join('_').toUpperCase(),
      words.join('-').toUpperCase(),
      `_${words.join('_')}`,
      words.map(capital).join(''),
      words.map((text, i) => (i === 0 ? text : capital(text))).join(''),
      words.map(capital).join('-'),
    ]);
  }

  /** A name that says nothing of what is in it. */
  name(): string {
    return `${this.#one(NAMES)}${this.#one(['', '', '2', '_x'])}`;
  }

  /** Encoded once or more, as text that has been through several programs is. */
  #disguised(text: string): string {
    return this.#one([
      encodeURIComponent(text),
      encodeURIComponent(encodeURIComponent(text)),
      JSON.stringify({ v: text }),
      JSON.stringify({ v: JSON.stringify({ w: text }) }),
      text.replaceAll('@', '\\u0040').replaceAll('=', '\\u003d'),
      text.replaceAll('@', '&#x40;').replaceAll('=', '&#61;'),
    ]);
  }

  #one<T>(list: readonly T[]): T {
    return oneOf(this.#chance, list);
  }

  /** Where in a text it stands: before, behind, inside, or alone. */
  beside(clean: string): string {
    const dirt = this.text();
    return [`${clean} ${dirt}`, `${dirt} ${clean}`, `${clean} (${dirt}) x`, dirt, `${clean}|${dirt}`][
      below(this.#chance, 5)
    ] as string;
  }
}

function grouped(number: string): string {
  return (number.match(/../g) ?? []).join(' ');
}

/** Of vendors that were added since: what their ids are called, and how their cookies are written. */
export const OTHER_NAMES = [
  ...new Set(OTHER_IDS.flatMap(({ row: { param, field } }) => [param ?? [], field ?? []].flat())),
];
const OTHER_FORMATS = OTHER_IDS.flatMap(({ row: { cookie, forms } }) =>
  forms === undefined ? [] : (cookie?.click ?? []),
);

/** Click ids and visitor ids, as lists and JSON name them. */
const CLICKS = [
  ...'gclid gbraid wbraid dclid fbclid msclkid li_fat_id ttclid twclid yclid _ga _fbp _fbc _gcl_aw _uetvid _uetsid client_id clientId user_pseudo_id fbp hubspotutk'.split(
    ' ',
  ),
  ...OTHER_NAMES,
];

/** Names of the ids of vendors, visitors and devices, by words. */
const ID_NAMES = [
  'client id',
  'user id',
  'customer id',
  'customer number',
  'device id',
  'external id',
  'visitor id',
  'anonymous id',
  'user pseudo id',
  'advertising id',
  'subscriber id',
  'member id',
  'click id',
  'google click id',
  'fb click id',
  'gclid',
  'fbclid',
  'msclkid',
  'fbp',
  'fbc',
  'ck fbp',
  'gcl aw',
  'gcl au',
  'uetvid',
  'uetsid',
  'li fat',
  'li fat id',
  'ttclid',
  'idfa',
  'idfv',
  'gaid',
  'aaid',
  'hubspotutk',
  'ip override',
  'client ip',
  'client user agent',
  'mkt tok',
  'kundenr',
  'kunde nr',
  'medlem nummer',
  ...OTHER_NAMES.map((name) => name.replaceAll('_', ' ')),
];

const NAMES = 'trace note info data ctx extra tmp foo label debug_info payload meta_text v1 comment variant_text'.split(
  ' ',
);
