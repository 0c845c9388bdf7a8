import { z } from 'zod';

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** One day, milliseconds. */
export const DAY = 86_400_000;

/** A duration such as `7d`, `72h`, `30m` or `90s`; becomes milliseconds. */
export function duration() {
  const expected = 'expected a duration such as `7d`, `72h`, `30m` or `90s`';
  return z
    .string({ error: expected })
    .regex(/^\d{1,6}[smhd]$/, expected)
    .transform((text) => Number(text.slice(0, -1)) * (DURATION_UNITS[text.slice(-1)] as number));
}

/** A size such as `2GB` or `500MB` (decimal units); becomes bytes. */
export function size() {
  const expected = 'expected a size such as `2GB` or `500MB`';
  return z
    .string({ error: expected })
    .regex(/^\d{1,6}[KMGT]B$/, expected)
    .transform((text) => Number(text.slice(0, -2)) * (SIZE_UNITS[text.slice(-2)] as number));
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
