/** Words for yes and no in YAML 1.1 and in the languages of its users; YAML 1.2 knows `true` and `false` only. */
const YES = /^(?:yes|y|on|true|ja|oui|si|kyllä|1)$/i;
const NO = /^(?:no|n|off|false|nei|nej|nein|non|ei|none|never|deny|reject|refuse|block|0)$/i;

/**
 * Possible corrections of a value that cannot be used, the likeliest first. The caller checks each with the schema,
 * because most of them are allowed nowhere.
 */
export function* meantBy(written: unknown): Generator {
  if (typeof written === 'string') yield* meantByText(written.trim().slice(0, 512));
  else if (typeof written === 'number') yield* meantByNumber(written);
  else if (typeof written === 'boolean') yield* written ? [] : ['off', 'none', 'NO', 'denied'];
  else if (Array.isArray(written) && written.length === 1) {
    yield written[0];
    if (!Array.isArray(written[0])) yield* meantBy(written[0]);
  }
}

function* meantByNumber(number: number): Generator {
  // A larger number has already lost digits.
  if (Number.isSafeInteger(number) && number >= 0) yield* [String(number), [String(number)]];
  if (number === 0 || number === 1) yield number === 1;
  if (number === 0) yield 'off';
  if (number > 0) yield `${number}s`;
}

function* meantByText(text: string): Generator {
  if (text === '') return;
  if (YES.test(text)) yield true;
  if (NO.test(text)) yield* [false, 'off', [], 'denied'];
  yield* numbers(text);
  yield* day(text);
  yield* inOtherWords(text.toLowerCase());
  // `all` of them is no list of one.
  if (EVERY.test(text)) yield 'auto';
  else yield* otherForms(text);
}

/** The same value as a section, a list, an address or an id. */
function* otherForms(text: string): Generator {
  // `ads: consent`
  yield { basis: text };
  const words = text
    .replace(/^\((.*)\)$/, '$1')
    .split(/[,;|\s]+/)
    .flatMap((word) => word.replace(/^-+/, '') || []);
  const lower = text.toLowerCase();
  // A key of a query, with what stands around it in an address: `?utm_source=`.
  const key = /^[?&]+([\w.-]+)(?:=.*)?$/.exec(text)?.[1];
  if (key !== undefined) yield key;
  for (const one of [text, lower, text.toUpperCase(), ...address(text), ...digits(text)]) yield* [one, [one]];
  if (words.length > 1)
    yield* [words, words.flatMap((word) => address(word).slice(0, 1)), words.map((word) => word.toLowerCase())];
}

/** `600`, `600/min`, `10/s`. */
function* numbers(text: string): Generator<number> {
  const [, number, per] = /^(\d{1,9})\s*(?:(?:\/|per\s*)\s*(s|sec|second|m|min|minute))?$/i.exec(text) ?? [];
  if (number !== undefined) yield Number(number) * (per?.toLowerCase().startsWith('s') === true ? 60 : 1);
}

/** A host, an origin and a path from a text that was copied from the address line. */
function address(text: string): string[] {
  const pattern = /^[a-z]+:\/\/[^/\s]+(\/[^\s?#]*\*\S*)$/i.exec(text)?.[1];
  if (pattern !== undefined) return [pattern];
  if (/[\^$\\]/.test(text)) return [];
  if (/[*\s,]/.test(text)) return /^[^/\s][^\s?#]*\*/.test(text) && !text.includes('://') ? [`/${text}`] : [];
  const rest = text.replace(/^(?:[a-z]{2,6}:)?\/+|^https?\/\//i, '').replace(/^\./, '');
  const local = /^(?:localhost|127\.|\[::1\])/.test(rest);
  const url = URL.parse(`${/^http:/i.test(text) || local ? 'http' : 'https'}://${rest}`);
  const path = /^[\w/-]+[^\s?#^$]*/.exec(text)?.[0] ?? '';
  const bare = path.replace(/\/+$/, '');
  const paths = text.includes('://') ? [url?.pathname ?? ''] : [path, bare, `/${path}`, `/${bare}`];
  if (url === null || !(url.hostname.includes('.') || local)) return paths;
  return [url.hostname.replace(/\.$/, ''), url.origin, ...paths];
}

/**
 * The number in an id, as other places write it: `123 456 7890`, `urn:lla:llaPartnerConversion:104012`, `ti=97000001`.
 */
function digits(text: string): string[] {
  const [, number] = /^(?:urn:[\w:]*:|ti=|customers\/|ctId=)?([\d\s-]{2,24})$/.exec(text) ?? [];
  return number === undefined ? [] : [number.replaceAll(/\D/g, '')];
}

/** A value as YAML on one line. `within`: the values around it, because an alias may contain itself. */
export function asYaml(value: unknown, within: readonly unknown[] = []): string {
  if (typeof value === 'object' && value !== null) {
    if (within.includes(value)) return '...';
    const inside = [...within, value];
    if (Array.isArray(value)) return `[${value.map((one) => asYaml(one, inside)).join(', ')}]`;
    const pairs = Object.entries(value).map(([key, inner]) => `${asYaml(key)}: ${asYaml(inner, inside)}`);
    return `{ ${pairs.join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  const plain = /^(?:\d{1,6}[a-zA-DF-Z]{1,2}|\d{4}-\d{2}-\d{2}|[A-Za-z/][\w.:/@-]*(?<!:)|\$\{\w+\})$/.test(value);
  return plain && !/^(?:true|false|null)$/i.test(value) ? value : JSON.stringify(value);
}

/** The variable in the notation of another tool, for `${NAME}`; never a value. */
export function variableIn(written: unknown): string | undefined {
  const text = typeof written === 'string' ? written : Object.keys(written ?? {})[0];
  const name = /^[^\w]*(?:env[:.]|secrets?\.|process\.env\.)?[^\w]*([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:[^\w].*)?$/s.exec(
    text ?? '',
  )?.[1];
  return name !== undefined && name.length <= 64 ? name : undefined;
}

const EVERY = /^(?:\*|all|any|alle?|every(?:thing)?)$/i;

/** Values that have a fixed word here, in words of other tools and of people. */
const OTHER_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:europe|europa|european union|eea|e[øo]s|region1)$/, 'eu'],
  [/^(?:world(?:wide)?|usa?|international|default)$/, 'global'],
  [/^(?:anonymi[sz]ed?|anonymi[sz]e_?ip|anonymiser(?:t)?|masked?|shortened?|last[ _-]?octet)$/, 'truncate'],
  [/^(?:reduced?|short|browser)$/, 'family'],
  [/^(?:domain|host|hostname)$/, 'origin'],
  [/^(?:li|legint|legitimate|berettiget interesse|berechtigtes interesse)$/, 'legitimate_interest'],
  [/^(?:google[ _-]?)?consent[ _-]?mode(?:[ _-]?v2)?$|^gc[ms]$/, 'consent-mode'],
];

/** Categories of banners: a mapping takes a list of them. */
const CATEGORY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:analytics?|statistikk?|statistiken?|performance)$/, 'statistics'],
  [/^(?:ads?|advertis(?:ing|ement)|markedsf[øo]ring|targeting)$/, 'marketing'],
  [/^(?:functional(?:ity)?|personali[sz]ation)$/, 'preferences'],
];

function* inOtherWords(lower: string): Generator {
  for (const [pattern, word] of OTHER_WORDS) if (pattern.test(lower)) yield word;
  for (const [pattern, word] of CATEGORY_WORDS) if (pattern.test(lower)) yield* [word, [word]];
}

/** As the months begin in English, the Nordic languages, German and Dutch. */
const MONTHS = [
  'jan',
  'feb',
  'mar|mär|maa|mrt',
  'apr',
  'may|mai|maj|mei',
  'jun',
  'jul',
  'aug',
  'sep',
  'o[ck]t',
  'nov',
  'de[csz]',
].map((beginnings) => new RegExp(`^(?:${beginnings})`));

/** `23. november 2026`, `November 23, 2026` */
function* dayInWords(lower: string): Generator<string> {
  const [, first = '', word, last = '', year = ''] =
    /^(?:(\d{1,2})(?:\.|st|nd|rd|th)? ?)?(\p{L}{3,10})\.? ?(?:(\d{1,2})(?:st|nd|rd|th)?,? )?(\d{4})$/u.exec(lower) ??
    [];
  const month = MONTHS.findIndex((pattern) => word !== undefined && pattern.test(word)) + 1;
  const date = first || last;
  if (month > 0 && date !== '') yield dated(year, String(month), date);
}

function dated(year: string, month: string, date: string): string {
  return `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
}

/**
 * `2026-11-01T00:00:00Z`, `2026/11/1`, `01.11.2026`, `1/11/2026`: day before month, as everywhere but in one country. What
 * has no such month, `11/23/2026`, was written there.
 */
function* day(text: string): Generator {
  const [iso] = /^\d{4}-\d{2}-\d{2}(?=T)/.exec(text) ?? [];
  if (iso !== undefined) yield iso;
  const [, date = '', month = '', year = ''] = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/.exec(text) ?? [];
  if (year !== '') yield Number(month) > 12 ? dated(year, date, month) : dated(year, month, date);
  const [, y = '', m = '', d = ''] = /^(\d{4})[./](\d{1,2})[./](\d{1,2})$/.exec(text) ?? [];
  if (y !== '') yield dated(y, m, d);
  yield* dayInWords(text.toLowerCase());
}
