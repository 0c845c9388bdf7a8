/**
 * Times and parts in the text of an identifier. Every issue time here is unix milliseconds; undefined means that there
 * is no time, or no possible one. A time in the future is returned unchanged, because only the caller has a clock.
 */

/** No web analytics existed before the first of these times, and no plausible id is later than the second. */
const OLDEST = Date.UTC(2005, 0, 1);
const NEWEST = Date.UTC(2100, 0, 1);

/** Google's random part has ten digits, our pseudonyms sixteen. */
export const MAX_DIGITS = 20;

/** Issue time of a GA client id, `<random>.<unix s>` (`destinations/ga4.md` 7). */
export function clientIdTime(cid: string): number | undefined {
  const dot = cid.indexOf('.');
  return dot > MAX_DIGITS || numberAt(cid, 0, dot) < 0 ? undefined : secondsAt(cid, dot + 1, cid.length);
}

/** Unix seconds written between two offsets, as milliseconds: ten digits since 2001, and until 2286. */
export function secondsAt(text: string, from: number, to: number): number | undefined {
  return to - from === 10 ? plausible(numberAt(text, from, to) * 1000) : undefined;
}

/** Unix milliseconds written between two offsets. */
export function millisecondsAt(text: string, from: number, to: number): number | undefined {
  return to - from === 13 ? plausible(numberAt(text, from, to)) : undefined;
}

function plausible(time: number): number | undefined {
  return time >= OLDEST && time < NEWEST ? time : undefined;
}

/** The decimal number between two offsets; -1 unless there are digits there and nothing else. */
export function numberAt(text: string, from: number, to: number): number {
  if (from >= to) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The end of the part that starts at `from`. */
export function endOf(text: string, separator: string, from: number): number {
  const end = text.indexOf(separator, from);
  return end === -1 ? text.length : end;
}

/** The start of the value in a `$`-separated segment with this one-letter key; -1 = there is no such segment. */
export function segmentStart(text: string, key: string, from: number): number {
  if (text.startsWith(key, from)) return from + 1;
  const found = text.indexOf(`$${key}`, from);
  return found === -1 ? -1 : found + 2;
}
