/** Numbers of persons with the check digits that their countries give them, one for each serial number. */

const DAY_MONTH = /(\d\d)(\d\d)/;

const two = (value: number): string => String(value).padStart(2, '0');
const weighted = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);

/** A day of birth, `DDMMYY`. */
function birthday(serial: number): string {
  return `${two(1 + (serial % 28))}${two(1 + (Math.floor(serial / 28) % 12))}${two(50 + (Math.floor(serial / 336) % 50))}`;
}

/** Norwegian: eleven digits, two of them checks (Skatteetaten's rule). */
export function fodselsnummer(serial: number): string {
  for (let person = serial % 400; ; person++) {
    const nine = `${birthday(serial)}${String(person % 500).padStart(3, '0')}`;
    const first = (11 - (weighted(nine, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
    const second = (11 - (weighted(`${nine}${first}`, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
    if (first < 10 && second < 10) return `${nine}${first}${second}`;
  }
}

/** Swedish, `YYMMDD-NNNC`: the last digit is Luhn's. */
export function personnummer(serial: number): string {
  const [, day = '', month = ''] = DAY_MONTH.exec(birthday(serial)) ?? [];
  const nine = `${birthday(serial).slice(4)}${month}${day}${String(100 + (serial % 900))}`;
  return `${nine.slice(0, 6)}-${nine.slice(6)}${luhnDigit(nine)}`;
}

/** Danish, with the hyphen that tells it from any other ten digits. */
export function cpr(serial: number): string {
  return `${birthday(serial)}-${String(1000 + (serial % 9000))}`;
}

/** Finnish, `DDMMYY-NNNC`. */
export function hetu(serial: number): string {
  const person = String(2 + (serial % 898)).padStart(3, '0');
  const check = '0123456789ABCDEFHJKLMNPRSTUVWXY'.charAt(Number(`${birthday(serial)}${person}`) % 31);
  return `${birthday(serial)}-${person}${check}`;
}

/** Sixteen digits of a card. */
export function card(serial: number): string {
  const fifteen = `45${String(serial).padStart(8, '0')}73141`;
  return `${fifteen}${luhnDigit(fifteen)}`;
}

/** The digit that completes a number (ISO/IEC 7812-1 annex B). */
function luhnDigit(digits: string): number {
  let sum = 0;
  for (let i = digits.length - 1, twice = true; i >= 0; i--, twice = !twice) {
    const value = Number(digits[i]) * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return (10 - (sum % 10)) % 10;
}

/** A Norwegian mobile number, eight digits. */
export function mobile(serial: number): string {
  return `4${String(serial % 1e7).padStart(7, '0')}`;
}
