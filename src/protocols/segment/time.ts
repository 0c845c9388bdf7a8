const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/;
/** 13 digits are milliseconds, 10 are seconds. */
const NUMBER = /^(?:\d{10}|\d{13})$/;
/** A smaller number is seconds: as milliseconds it would be a day of 1970. */
const A_YEAR = 31_557_600_000;

/**
 * A time as Segment reads it (`segmentio/new-date`): ISO 8601, or seconds or milliseconds as a number or a text; without a
 * zone it is UTC. Unix milliseconds; undefined = none can be read.
 */
export function segmentTime(value: unknown): number | undefined {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const text = value.trim();
  if (NUMBER.test(text)) return fromNumber(Number(text));
  const [, day, clock = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  const read = day === undefined ? Number.NaN : Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(read) ? undefined : read;
}

const LONGEST = 64;

function fromNumber(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  return Math.floor(value < A_YEAR ? value * 1000 : value);
}
