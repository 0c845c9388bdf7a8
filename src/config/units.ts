import * as z from 'zod';

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** One day, milliseconds. */
export const DAY = 86_400_000;

/**
 * A duration such as `7d`, `72h`, `30m` or `90s`; becomes milliseconds.
 * @param usual the unit to propose for a number without one: that of the key's default.
 */
export function duration(usual: 'd' | 'h' = 'd') {
  const guess = (text: string) => readDuration(text, usual);
  return amount(DURATION_UNITS, usual, 'a duration such as `7d`, `72h`, `30m` or `90s`', guess);
}

/** A size such as `2GB` or `500MB` (decimal units); becomes bytes. */
export function size() {
  return amount(SIZE_UNITS, 'GB', 'a size such as `2GB` or `500MB`', readSize);
}

/**
 * A number with its unit.
 * @param usual the unit to propose where there is none.
 * @param guess reads other ways to write the quantity.
 */
function amount(
  units: Readonly<Record<string, number>>,
  usual: string,
  expected: string,
  guess: (text: string) => string | undefined,
) {
  const pattern = new RegExp(`^(\\d{1,6})(${Object.keys(units).join('|')})$`);
  return z
    .string({ error: `expected ${expected}` })
    .meta({ unit: usual, pattern: pattern.source })
    .transform((text, context) => {
      const [, number, unit] = pattern.exec(text) ?? [];
      if (number !== undefined && unit !== undefined) return Number(number) * (units[unit] as number);
      const instead = guess(text);
      const params = instead !== undefined && pattern.test(instead) ? { instead } : undefined;
      context.addIssue({ code: 'custom', message: `expected ${expected}`, ...(params && { params }) });
      return z.NEVER;
    });
}

/** Units in words and in the short forms of other systems, each with its number of our units. */
const UNIT_WORDS: readonly (readonly [RegExp, string, number])[] = [
  [/^(?:s|sec|secs|seconds?|sekund(?:er|en?)?|secondes?)$/, 's', 1],
  [/^(?:m|min|mins|minutes?|minutt(?:er)?|minuter|minuten)$/, 'm', 1],
  [/^(?:h|hrs?|hours?|timer?|t|tim|timmar|stunden?|heures?)$/, 'h', 1],
  [/^(?:d|days?|dager?|dag|dagar?|døgn|tage?n?|jours?|j|dagen|päivää)$/, 'd', 1],
  [/^(?:w|wk|weeks?|uker?|veckor?|uger?|wochen?|semaines?|viikkoa?)$/, 'd', 7],
  [/^(?:y|yrs?|years?|år|jahre?n?|ans?|année?s?|vuotta)$/, 'd', 365],
  [/^(?:mo|mon|months?|måneder?|månader?|monate?n?|mois)$/, 'd', 30],
];

/**
 * Reads other ways to write a duration: `7 days`, `1 week`, `P7D` (ISO 8601), bare days or hours, bare seconds or milliseconds.
 */
export function readDuration(text: string, usual: 'd' | 'h' = 'd'): string | undefined {
  const [, days, time] = /^\s*P(?:(\d{1,5}[DWMY]))?(?:T(\d{1,5}[HMS]))?\s*$/i.exec(text) ?? [];
  const iso = days !== undefined ? days.replace(/m$/i, 'mo') : time;
  const [, number, word = ''] = /^\s*(\d{1,6})\s*(\p{L}{0,8})\s*$/u.exec(iso ?? text) ?? [];
  if (number === undefined) return readBare(text, usual);
  if (word === '') return readBare(number, usual);
  const found = UNIT_WORDS.find(([pattern]) => pattern.test(word.toLowerCase()));
  return found === undefined ? undefined : `${Number(number) * found[2]}${found[1]}`;
}

/**
 * A number without a unit counts as days, or hours where these are usual, up to about a year of days, and else as the seconds or milliseconds of other systems.
 */
function readBare(text: string, usual: 'd' | 'h'): string | undefined {
  if (!/^\s*\d{1,12}\s*$/.test(text)) return undefined;
  const number = Number(text);
  if (number <= 400) return `${number}${usual}`;
  const seconds = number >= DAY && number % 1000 === 0 ? number / 1000 : number;
  const [unit, length] = seconds % 86_400 === 0 ? ['d', 86_400] : seconds % 3600 === 0 ? ['h', 3600] : ['s', 1];
  return `${seconds / length}${unit}`;
}

/** Reads other ways to write a size: `2 GiB`, `500 megabytes`, `1.5GB`, bare gigabytes or bytes. */
export function readSize(text: string): string | undefined {
  const [, written, unit = ''] =
    /^\s*(\d{1,15}(?:[.,]\d{1,3})?)\s*([kmgt]?)(?:i?[bo]|(?:ilo|ega|iga|era)?(?:byte|octet)s?)?\s*$/i.exec(text) ?? [];
  if (written === undefined) return undefined;
  const number = Number(written.replace(',', '.'));
  if (unit === '' && number >= 1e6) return number % 1e9 === 0 ? `${number / 1e9}GB` : `${Math.round(number / 1e6)}MB`;
  const letter = (unit || 'G').toUpperCase();
  if (Number.isInteger(number)) return `${number}${letter}B`;
  const smaller = { T: 'G', G: 'M', M: 'K' }[letter];
  return smaller === undefined ? undefined : `${Math.round(number * 1000)}${smaller}B`;
}

/** A day such as `2026-11-01`; becomes the unix milliseconds of its start, UTC. */
export function day() {
  const expected = 'expected a day such as `2026-11-01`';
  return z
    .string({ error: expected })
    .regex(/^\d{4}-\d{2}-\d{2}$/, { error: expected, abort: true })
    .refine(
      (text) =>
        new Date(`${text}T00:00:00Z`).getTime() > 0 && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
      'there is no such day',
    )
    .transform((text) => Date.parse(`${text}T00:00:00Z`));
}

/** Milliseconds for people: `7 days`, `72 hours`. */
export function showDuration(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [DAY, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ];
  const [unit, name] = units.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1000, 'second'];
  const count = ms / unit;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
