/** Country codes with the fewest and most digits that may follow (ITU-T E.164, the numbering plans of the countries). */
const COUNTRIES: ReadonlyMap<string, readonly [fewest: number, most: number]> = new Map(
  (
    '1:10-10 30:10-10 31:9-9 32:8-9 33:9-9 34:9-9 351:9-9 352:6-9 353:7-9 354:7-9 358:6-11 359:8-9 36:8-9 370:8-8 371:8-8 ' +
    '372:7-8 380:9-9 385:8-9 386:8-8 39:8-11 40:9-9 41:9-9 420:9-9 421:9-9 43:8-13 44:9-10 45:8-8 46:7-10 47:8-8 48:9-9 ' +
    '49:7-12 298:6-6 299:6-6 61:9-9 64:8-10 7:10-10 81:9-10 82:8-10 86:11-11 90:10-10 91:10-10 971:8-9 972:8-9'
  )
    .split(' ')
    .map((entry): [string, [number, number]] => {
      const [code = '', range = ''] = entry.split(':');
      const [fewest, most] = range.split('-').map(Number);
      return [code, [fewest ?? 0, most ?? 0]];
    }),
);

/**
 * How many digits a number has that begins with these (a country's code and one or more digits), the code included; `(0)`
 * behind the code is one more. Undefined: no country's code, or no number of that country begins so.
 */
export function internationalRange(head: string): readonly [fewest: number, most: number] | undefined {
  for (let length = 1; length <= 3; length++) {
    const range = COUNTRIES.get(head.slice(0, length));
    if (range === undefined) continue;
    // Norwegian and Danish numbers begin with 2 at least: `0047123456..` is a number with zeros in front.
    if (length === 2 && EIGHT.includes(head.slice(0, 2)) && !/[2-9]/.test(head.charAt(2))) return undefined;
    const code = length + (head.charCodeAt(length) === 48 ? 1 : 0);
    return [code + range[0], code + range[1]];
  }
  return undefined;
}

const EIGHT = ['45', '47'];

/** Groups of digits in which only mobile numbers are written: 3-2-3 in Norway, `070-123 45 67` in Sweden, ... */
export function isMobile(groups: readonly string[]): boolean {
  const shape = groups.map(({ length }) => length).join('-');
  const first = groups[0] ?? '';
  if (shape === '3-2-3') return first.startsWith('4') || first.startsWith('9');
  if (shape === '3-3-2-2') return /^07[02369]$/.test(first);
  return shape === '3-3-4' && /^(?:04\d|050)$/.test(first);
}

/** A number with the code of a northern country, `47` and eight digits, without a sign in front. */
export function isNordicPhone(digits: string): boolean {
  if (!NORDIC.some((code) => digits.startsWith(code))) return false;
  const range = internationalRange(digits.slice(0, 4));
  return range !== undefined && digits.length >= range[0] && digits.length <= range[1];
}

const NORDIC = ['45', '46', '47', '354', '358'];
