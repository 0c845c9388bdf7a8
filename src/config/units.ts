import { z } from 'zod';

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** One day, milliseconds. */
export const DAY = 86_400_000;

/** A duration such as `7d`, `72h`, `30m` or `90s`; becomes milliseconds. */
export function duration() {
  return amount(DURATION_UNITS, 'd', 'a duration such as `7d`, `72h`, `30m` or `90s`', readDuration);
}

/** A size such as `2GB` or `500MB` (decimal units); becomes bytes. */
export function size() {
  return amount(SIZE_UNITS, 'GB', 'a size such as `2GB` or `500MB`', readSize);
}

/**
 * A number with its unit.
 * @param usual the unit to propose where there is none.
 * @param guess what somebody meant who wrote it in another way.
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

/** Units in words and in other systems' short forms, and how many of ours they are. */
const UNIT_WORDS: readonly (readonly [RegExp, string, number])[] = [
  [/^(?:s|sec|secs|seconds?|sekund(?:er)?)$/, 's', 1],
  [/^(?:m|min|mins|minutes?|minutt(?:er)?)$/, 'm', 1],
  [/^(?:h|hrs?|hours?|timer?|t)$/, 'h', 1],
  [/^(?:|d|days?|dager?|dag|døgn)$/, 'd', 1],
  [/^(?:w|weeks?|uker?)$/, 'd', 7],
];

function readDuration(text: string): string | undefined {
  const [, number, word] = /^\s*(\d{1,6})\s*([a-zø]{0,8})\s*$/i.exec(text) ?? [];
  if (number === undefined || word === undefined) return undefined;
  const found = UNIT_WORDS.find(([pattern]) => pattern.test(word.toLowerCase()));
  return found === undefined ? undefined : `${Number(number) * found[2]}${found[1]}`;
}

function readSize(text: string): string | undefined {
  const [, number, unit] = /^\s*(\d{1,6})\s*([kmgt]?)i?b?\s*$/i.exec(text) ?? [];
  return number === undefined ? undefined : `${number}${(unit || 'G').toUpperCase()}B`;
}

/** A day such as `2026-11-01`; becomes the unix milliseconds of its start, UTC. */
export function day() {
  const expected = 'expected a day such as `2026-11-01`';
  return z
    .string({ error: expected })
    .regex(/^\d{4}-\d{2}-\d{2}$/, expected)
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
