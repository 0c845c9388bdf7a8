/**
 * Made-up personal data and harmless values, drawn by a seeded generator, so that figures can be made again.
 * Check digits are worked out here by trying, not with the code under test.
 */
export type Random = () => number;

/** mulberry32: 32 bits of state, numbers in [0, 1). */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const below = (next: Random, limit: number): number => Math.floor(next() * limit);
export function pick<T>(next: Random, list: readonly T[]): T {
  const chosen = list[below(next, list.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
export const digits = (next: Random, count: number): string =>
  Array.from({ length: count }, () => below(next, 10)).join('');
export const chars = (next: Random, alphabet: string, count: number): string =>
  Array.from({ length: count }, () => alphabet.charAt(below(next, alphabet.length))).join('');

const two = (value: number): string => String(value).padStart(2, '0');
const dot = (text: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * Number(text[i]), 0);

/** Days 1 to 28, so that every month has them. */
const day = (next: Random, add = 0): string => two(1 + below(next, 28) + add);
const month = (next: Random, add = 0): string => two(1 + below(next, 12) + add);

function luhnDigit(text: string): string {
  for (let check = 0; check < 10; check++) {
    const reversed = `${text}${check}`.split('').toReversed().map(Number);
    const sum = reversed.reduce((total, value, i) => {
      const twice = i % 2 === 1 ? value * 2 : value;
      return total + (twice > 9 ? twice - 9 : twice);
    }, 0);
    if (sum % 10 === 0) return String(check);
  }
  throw new Error('one of ten digits always fits');
}

/** A fødselsnummer whose first check leaves `rest`: 0 is the classic rule, 1 to 3 came with that of 2032. */
export function fodselsnummer(next: Random, rest = 0, addDay = 0, addMonth = 0): string {
  for (;;) {
    const nine = day(next, addDay) + month(next, addMonth) + two(below(next, 100)) + digits(next, 3);
    for (let k1 = 0; k1 < 10; k1++) {
      if (dot(nine + String(k1), [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 !== rest) continue;
      for (let k2 = 0; k2 < 10; k2++) {
        const all = `${nine}${k1}${k2}`;
        if (dot(all, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0) return all;
      }
    }
  }
}

export function personnummer(next: Random, addDay = 0): string {
  const nine = two(below(next, 100)) + month(next) + day(next, addDay) + digits(next, 3);
  const all = nine + luhnDigit(nine);
  return `${all.slice(0, 6)}-${all.slice(6)}`;
}

export function cpr(next: Random): string {
  return `${day(next)}${month(next)}${two(below(next, 100))}-${digits(next, 4)}`;
}

export function hetu(next: Random): string {
  const date = day(next) + month(next) + two(below(next, 100));
  const person = String(2 + below(next, 898)).padStart(3, '0');
  const check = '0123456789ABCDEFHJKLMNPRSTUVWXY'.charAt(Number(date + person) % 31);
  return date + pick(next, '+-ABCDEFYXWVU'.split('')) + person + check;
}

export function kennitala(next: Random): string {
  for (;;) {
    const eight = day(next) + month(next) + two(below(next, 100)) + digits(next, 2);
    for (let check = 0; check < 10; check++) {
      if (dot(eight + String(check), [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0) {
        return `${eight.slice(0, 6)}-${eight.slice(6)}${check}${pick(next, [8, 9, 0])}`;
      }
    }
  }
}

export function card(next: Random): string {
  const [prefix, length] = pick(next, [
    ['4', 16],
    ['5555', 16],
    ['2223', 16],
    ['37', 15],
    ['36', 14],
    ['6011', 16],
    ['3530', 16],
    ['62', 19],
  ] as const);
  for (;;) {
    const body = prefix + digits(next, length - prefix.length - 1);
    const number = body + luhnDigit(body);
    // Every tenth of 14 digits could as well be an article's number, which shops have more of.
    if (length !== 14 || gtinDigit(number.slice(0, -1)) !== number.slice(-1)) return number;
  }
}

/** The check digit of a GTIN: weights 3 and 1, from the right. */
function gtinDigit(text: string): string {
  const sum = text
    .split('')
    .toReversed()
    .reduce((total, value, i) => total + Number(value) * (i % 2 === 0 ? 3 : 1), 0);
  return String((10 - (sum % 10)) % 10);
}

const rest97 = (text: string): bigint =>
  BigInt(text.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) % 97n;

export function iban(next: Random): string {
  const [country, account] = pick(next, [
    ['NO', digits(next, 11)],
    ['DE', digits(next, 18)],
    ['SE', digits(next, 20)],
    ['DK', digits(next, 14)],
    ['FI', digits(next, 14)],
    ['GB', `NWBK${digits(next, 14)}`],
  ] as const);
  return `${country}${two(Number(98n - rest97(`${account}${country}00`)))}${account}`;
}

const WORDS =
  'takk krus lampe sommer vinter bok stol garn klokke sykkel telt ski jakke sko hage fjord blå rød stor liten'.split(
    ' ',
  );

export function email(next: Random): string {
  const local = `${pick(next, WORDS)}${pick(next, ['.', '_', '+', '-', ''])}${chars(next, 'abcdefghij0123456789', 1 + below(next, 12))}`;
  return `${local.replaceAll(/[åø]/g, 'o')}@${pick(next, ['example', 'post.example', 'a-b.example'])}.${pick(next, ['no', 'com', 'dk', 'museum'])}`;
}

export function phone(next: Random): string {
  const national = digits(next, 8);
  return pick(next, [
    `+47${national}`,
    `+47 ${national.slice(0, 3)} ${national.slice(3, 5)} ${national.slice(5)}`,
    `+46 (0)70-${national.slice(0, 3)} ${national.slice(3, 5)} ${national.slice(5, 7)}`,
    `tlf. ${national}`,
    `Mobil: ${national.slice(0, 2)} ${national.slice(2, 4)} ${national.slice(4, 6)} ${national.slice(6)}`,
    `tel:${national}`,
  ]);
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function token(next: Random): string {
  return pick(next, [
    () => chars(next, '0123456789abcdef', pick(next, [32, 40, 64])),
    () => chars(next, BASE64URL, pick(next, [43, 64])),
    () => `eyJ${chars(next, BASE64URL, 17)}.eyJ${chars(next, BASE64URL, 30)}.${chars(next, BASE64URL, 43)}`,
  ])();
}

export function birthdate(next: Random): string {
  const year = 1930 + below(next, 80);
  return pick(next, [
    `født ${day(next)}.${month(next)}.${year}`,
    `fodt ${day(next)}.${month(next)}.${year}`,
    `född ${year}-${month(next)}-${day(next)}`,
    `born: ${day(next)}/${month(next)}/${year}`,
  ]);
}

export function ip(next: Random): string {
  const host = 1 + below(next, 254);
  return pick(next, [
    `203.0.113.${host}`,
    `198.51.${below(next, 256)}.${host}`,
    `2001:db8:${chars(next, '123456789abcdef', 4)}::${chars(next, '123456789abcdef', 3)}`,
    `2001:db8:1:2:3:4:5:${chars(next, '123456789abcdef', 4)}`,
  ]);
}

export function position(next: Random): string {
  const degrees = (from: number, to: number): string => (from + next() * (to - from)).toFixed(5 + below(next, 4));
  return `${degrees(55, 70)}${pick(next, [',', ', ', ';', ' '])}${degrees(10, 30)}`;
}

/** What vendors' cookies and click ids look like (`destinations/ga4.md` 7, `google-ads.md` 5, `meta.md` 6). */
export function id(next: Random): string {
  const seconds = 1_672_531_200 + below(next, 126_230_400);
  const random = 100_000_000 + below(next, 2_000_000_000);
  const click = (): string => chars(next, BASE64URL.slice(0, 62), 40);
  return pick(next, [
    () => `fb.1.${seconds}123.${random}`,
    () => `fb.2.${seconds}123.IwAR${click()}`,
    () => `GCL.${seconds}.Cj0KCQ${click()}`,
    () => `GA1.1.${random}.${seconds}`,
    () => `GS2.1.s${seconds}$o3$g1$t${seconds}$j60$l0$h0`,
    () => `GS1.1.${seconds}.3.1.${seconds}.60.0.0`,
    () => `1.1.${random}.${seconds}`,
    () => `2.1.k${click()}$i${seconds}`,
    () => checkedId(next),
    () => `Cj0KCQ${click()}`,
    () => `EAIaIQobChM${click()}`,
    () => `IwY2xj${click()}`,
  ])();
}

/** Examples of https://en.wikipedia.org/wiki/Italian_fiscal_code and https://www.icao.int/publications/doc-series/doc-9303. */
const PUBLISHED_IDS = [
  'MRTMTT91D08F205J',
  'MLLSNT82P65Z404U',
  'RSSMRA85T10A562S',
  'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<',
  'L898902C36UTO7408122F1204159ZE184226B<<<<<10',
  'I<UTOD231458907<<<<<<<<<<<<<<<',
  '7408122F1204159UTO<<<<<<<<<<<6',
  // https://en.wikipedia.org/wiki/National_identification_number
  'HEGG560427MVZRRL04',
  '85.07.30-033.28',
  '1 85 05 78 006 084 91',
  '756.9217.0769.85',
  '736028/5163',
  '12.345.678-5',
];

/** Ids that their own check signs tell from other numbers, and the address of a network card. */
export function checkedId(next: Random): string {
  const dni = (number: number): string => 'TRWAGMYFPDXBNJZSQVHLCKE'.charAt(number % 23);
  // Below 18 million: from there on eight digits may be a day.
  const number = below(next, 18_000_000);
  const foreign = below(next, 3);
  const seven = digits(next, 7);
  return pick(next, [
    () => `${String(number).padStart(8, '0')}${dni(number)}`,
    () => `${String(number).padStart(8, '0')}-${dni(number)}`,
    () => `${'XYZ'.charAt(foreign)}${seven}${dni(Number(`${foreign}${seven}`))}`,
    () => `3C-22-FB-${Array.from({ length: 3 }, () => chars(next, '0123456789ABCDEF', 2)).join('-')}`,
    () => pick(next, PUBLISHED_IDS),
  ])();
}

/** Personal data by the kind it is of. */
export const PERSONAL: Readonly<Record<string, (next: Random) => string>> = {
  email,
  fnr: (next) => fodselsnummer(next, below(next, 4), pick(next, [0, 40]), pick(next, [0, 40, 80])),
  personnummer: (next) => personnummer(next, pick(next, [0, 60])),
  cpr,
  hetu,
  kennitala: (next) => `kt. ${kennitala(next)}`,
  card,
  iban,
  phone,
  birthdate,
  ip,
  position,
  id,
  token,
};

/** Harmless values by what they are. */
export const HARMLESS: Readonly<Record<string, (next: Random) => string>> = {
  'page titles': (next) =>
    `${pick(next, WORDS)} ${pick(next, WORDS)} ${pick(next, ['2025', '128 GB', '10-pack', 'str. 42', '1 299,00 kr'])} | ${pick(next, WORDS)}`,
  slugs: (next) =>
    `${Array.from({ length: 3 + below(next, 6) }, () => pick(next, WORDS)).join('-')}-${below(next, 100_000)}`,
  'articles of eight digits and a letter': (next) =>
    `art ${1 + below(next, 9)}${digits(next, 7)}${chars(next, 'ABCDEFGHJKLMNPRSTUVWXYZ', 1)}`,
  '8 random digits and a letter': (next) => digits(next, 8) + chars(next, 'ABCDEFGHJKLMNPRSTUVWXYZ', 1),
  'order numbers': (next) => `ORD-202${below(next, 7)}${month(next)}${day(next)}-${below(next, 10_000)}`,
  'GTIN-13': (next) => {
    // 70: Norway, 400-440: Germany, 57: Denmark, 59: Poland.
    const twelve = pick(next, ['70', '40', '43', '57', '59']) + digits(next, 10);
    return twelve + gtinDigit(twelve);
  },
  'unix seconds': (next) => String(1_672_531_200 + below(next, 126_230_400)),
  'unix milliseconds': (next) => String((1_672_531_200 + below(next, 126_230_400)) * 1000 + below(next, 1000)),
  'GA client ids': (next) => `${1 + below(next, 2_147_483_647)}.${1_672_531_200 + below(next, 126_230_400)}`,
  UUIDs: (next) => [8, 4, 4, 4, 12].map((length) => chars(next, '0123456789abcdef', length)).join('-'),
  'prices and sizes': (next) =>
    pick(next, [
      `${36 + below(next, 3)} 38 40 42`,
      `${below(next, 100)} 000 000 kr`,
      `${below(next, 99)}x${below(next, 99)} cm`,
    ]),
  versions: (next) => `v${below(next, 20)}.${below(next, 20)}.${below(next, 20)}.${below(next, 2000)}`,
  'search terms': (next) => `${pick(next, WORDS)} ${pick(next, WORDS)} str ${30 + below(next, 20)}`,
  'file names': (next) => `/bilder/${pick(next, WORDS)}@2x.png`,
  '8 random digits': (next) => digits(next, 8),
  '10 random digits': (next) => digits(next, 10),
  '11 random digits': (next) => digits(next, 11),
  '16 random digits': (next) => digits(next, 16),
  '10 random digits as 6-4': (next) => `${digits(next, 6)}-${digits(next, 4)}`,
};
