import { codeAt } from '../code-at.ts';

/** How far before a number its keyword may begin. */
const REACH = 24;

/** The national ids that words before a number are for; one may be for several. */
export const CPR = 1;
export const PERSONNUMMER = 2;
export const KENNITALA = 4;

const PHONE_WORDS: ReadonlySet<string> = new Set(
  (
    'tlf tel phone telephone telefon telefonnummer telefonnr mobil mobile mobilnummer mobilnr mobiltelefon mob gsm sms ' +
    'whatsapp handy puhelin puhelinnumero puh matkapuhelin matkapuhelinnumero sími simi símanúmer farsími farsíma ' +
    'tlfnr telnr mobnr mobiltlf mobiltel mobiltelefonnummer cell cellphone celular teléfono telefono téléphone portable telefone fone celulares tfn fax faks call callto facetime viber vipps swish mobilepay'
  ).split(' '),
);
/** Longest of them. */
const LONGEST = 18;
/** How these words, and those for phones, begin; other words are skipped. */
const BEGINS = Uint8Array.from({ length: 128 }, (_, code) =>
  'cpskCPSK'.includes(String.fromCharCode(code)) ? 2 : 'tmgwhfvTMGWHFV'.includes(String.fromCharCode(code)) ? 1 : 0,
);

const OPENING = 91;
const CLOSING = 93;
const HYPHEN = 45;

/**
 * The words before the numbers of a text that say what the numbers are. Numbers are asked about from left to right. For
 * each, at most 24 characters before it are read, and none of them twice, so the work is linear for any text.
 */
export class WordsBefore {
  #text = '';
  #read = 0;
  /** Where the last word of each kind begins. */
  #phone = -Infinity;
  #cpr = -Infinity;
  #personnummer = -Infinity;
  #kennitala = -Infinity;

  /** `worded`: whether there are letters in it at all. */
  read(text: string, worded: boolean): void {
    this.#text = text;
    this.#read = worded ? 0 : Infinity;
    this.#phone = this.#cpr = this.#personnummer = this.#kennitala = -Infinity;
  }

  /** Whether a word for phones begins at most 24 characters before this place, where digits stand. */
  phoneBefore(at: number): boolean {
    this.#readTo(at);
    return at - this.#phone <= REACH;
  }

  /** The national ids whose words begin at most 24 characters before this place, where digits stand. */
  idsBefore(at: number): number {
    this.#readTo(at);
    const from = at - REACH;
    return (
      (this.#cpr >= from ? CPR : 0) |
      (this.#personnummer >= from ? PERSONNUMMER : 0) |
      (this.#kennitala >= from ? KENNITALA : 0)
    );
  }

  #readTo(at: number): void {
    const text = this.#text;
    let i = Math.max(this.#read, at - REACH);
    if (i >= at) return;
    this.#read = at;
    // A word that begins farther away is skipped whole.
    if (i > 0 && isLetterAt(text, i - 1)) i = wordEnd(text, i, at);
    while (i < at) {
      if (!isLetterAt(text, i)) {
        i++;
        continue;
      }
      const begin = i;
      i = wordEnd(text, i, at);
      // `[phone]` stands for a number that was there.
      if (codeAt(text, begin - 1) !== OPENING) this.#take(begin, i);
    }
  }

  #take(begin: number, end: number): void {
    const first = codeAt(this.#text, begin);
    const kind = first < 128 ? (BEGINS[first] as number) : 1;
    if (kind === 0) return;
    if (isPhoneWord(this.#text, begin, end)) this.#phone = begin;
    if (kind < 2) return;
    const ids = idWordAt(this.#text, begin, end);
    if ((ids & CPR) !== 0) this.#cpr = begin;
    if ((ids & PERSONNUMMER) !== 0) this.#personnummer = begin;
    if ((ids & KENNITALA) !== 0) this.#kennitala = begin;
  }
}

/** Past letters, as far as to `most`. */
function wordEnd(text: string, start: number, most: number): number {
  let end = start;
  while (end < most && isLetterAt(text, end)) end++;
  return end;
}

/** The national ids that the word between these places is for; most such words may have endings: `personnummeret`. */
function idWordAt(text: string, begin: number, end: number): number {
  switch (codeAt(text, begin) | 32) {
    case C:
      return goesOn(text, begin, 'cpr') ? CPR : 0;
    case K:
      return goesOn(text, begin, 'kennit') || (end - begin === 2 && goesOn(text, begin, 'kt')) ? KENNITALA : 0;
    case S:
      if (goesOn(text, begin, 'ssn')) return CPR | PERSONNUMMER;
      return goesOn(text, begin, 'samordningsn') ? PERSONNUMMER : 0;
    case P: {
      if (goesOn(text, begin, 'pnr')) return CPR | PERSONNUMMER;
      if (goesOn(text, afterHyphen(text, begin + 1), 'nummer')) return PERSONNUMMER;
      if (!goesOn(text, begin, 'person')) return 0;
      const rest = afterHyphen(text, begin + 6);
      return goesOn(text, rest, 'nr') || goesOn(text, rest, 'nummer') ? CPR | PERSONNUMMER : 0;
    }
    default:
      return 0;
  }
}

const C = 99;
const K = 107;
const P = 112;
const S = 115;

function afterHyphen(text: string, at: number): number {
  return codeAt(text, at) === HYPHEN ? at + 1 : at;
}

/** Whether these small letters stand here in a text, in capitals or not. */
function goesOn(text: string, at: number, letters: string): boolean {
  for (let i = 0; i < letters.length; i++) if ((codeAt(text, at + i) | 32) !== letters.charCodeAt(i)) return false;
  return true;
}

/** Whole words only: `tlf-deksel` is an article. */
function isPhoneWord(text: string, begin: number, end: number): boolean {
  if (text.startsWith('wa.me/', begin)) return true;
  if (end - begin < 3 || end - begin > LONGEST) return false;
  const next = codeAt(text, end);
  if (next === CLOSING || (next === HYPHEN && isLetterAt(text, end + 1))) return false;
  return PHONE_WORDS.has(text.slice(begin, end).toLowerCase());
}

/** Words for an article or an order: a number behind one is not a person's, unless its check digits are right. */
const ARTICLE_WORDS: ReadonlySet<string> = new Set(
  (
    'ordre ordrenr ordrenummer order ordernr ordernummer bestilling bestillingsnr tilaus sku vare varenr varenummer artikkel ' +
    'artikel artikelnr art item produkt product faktura fakturanr invoice receipt kvittering ref referanse ean gtin isbn mpn ' +
    'model modell sporing tracking'
  ).split(' '),
);
const NUMBER_WORDS = ['nr', 'no', 'nummer', 'number', 'id'];
/** Both in one word. */
const NUMBERED_ARTICLES: ReadonlySet<string> = new Set(
  [...ARTICLE_WORDS].flatMap((word) => NUMBER_WORDS.map((number) => word + number)),
);
const ARTICLE_SIGNS = table(' .:#=()/-');
/** Signs behind each word. */
const MOST_SIGNS = 4;

/** Whether a number that begins here is called an order's or an article's: `ordre nr. 010170-1234`. */
export function isCalledArticle(text: string, start: number): boolean {
  const from = Math.max(0, start - REACH);
  const end = beforeSigns(text, start, ARTICLE_SIGNS, 2 * MOST_SIGNS);
  const begin = wordBegin(text, end, from);
  if (begin < 0) return false;
  const word = text.slice(begin, end).toLowerCase();
  if (ARTICLE_WORDS.has(word)) return true;
  if (start - end > MOST_SIGNS) return false;
  if (NUMBERED_ARTICLES.has(word)) return true;
  if (!NUMBER_WORDS.includes(word)) return false;
  const articleEnd = beforeSigns(text, begin, ARTICLE_SIGNS, MOST_SIGNS);
  const articleBegin = wordBegin(text, articleEnd, from);
  return articleBegin >= 0 && ARTICLE_WORDS.has(text.slice(articleBegin, articleEnd).toLowerCase());
}

const VERSION_WORDS: ReadonlySet<string> = new Set('v ver version versjon utgave build release'.split(' '));
const VERSION_SIGNS = table(' .:=/-');
const VERSION_REACH = 12;

/** Whether what begins here is called the version of a program: `v1.2.3.4`, `versjon 1.2.3.4`. */
export function isCalledVersion(text: string, start: number): boolean {
  const end = beforeSigns(text, start, VERSION_SIGNS, 3);
  const begin = wordBegin(text, end, Math.max(0, start - VERSION_REACH), true);
  return begin >= 0 && VERSION_WORDS.has(text.slice(begin, end).toLowerCase());
}

/** Past so many signs, to the left. */
function beforeSigns(text: string, start: number, signs: Uint8Array, most: number): number {
  let at = start;
  while (at > 0 && start - at < most && signs[codeAt(text, at - 1)] === 1) at--;
  return at;
}

/** Where the word of ASCII letters begins that ends here; -1 = there is none, or it begins farther to the left, or is a tag. */
function wordBegin(text: string, end: number, from: number, bracket = false): number {
  let begin = end;
  while (begin > from && isAsciiLetter(codeAt(text, begin - 1))) begin--;
  if (begin === end || isLetterAt(text, begin - 1)) return -1;
  return !bracket && codeAt(text, begin - 1) === OPENING ? -1 : begin;
}

function isAsciiLetter(code: number): boolean {
  const letter = code | 32;
  return letter >= 97 && letter <= 122 && code < 128;
}

const LETTER = /\p{L}/u;
const LATIN = Uint8Array.from({ length: 0x250 }, (_, code) => (LETTER.test(String.fromCharCode(code)) ? 1 : 0));

/** Whether the character here is a letter of any script. */
function isLetterAt(text: string, at: number): boolean {
  const code = codeAt(text, at);
  return code < 0x250 ? LATIN[code] === 1 : isRareLetter(text, at, code);
}

/** A half of a surrogate pair counts as the whole pair. */
function isRareLetter(text: string, at: number, code: number): boolean {
  const low = code >= 0xdc00 && code <= 0xdfff;
  return LETTER.test(String.fromCodePoint(text.codePointAt(low && at > 0 ? at - 1 : at) ?? 0));
}

function table(characters: string): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (characters.includes(String.fromCharCode(code)) ? 1 : 0));
}
