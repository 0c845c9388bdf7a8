import { listed, perCookie, type Context, type Platform } from '../platform.ts';
import { choice, unreadable } from '../reading.ts';
import { digitsTime, percentDecoded, readLayers } from '../text.ts';
import type { Reading } from '../types.ts';

/** Updated, created and expires, unix milliseconds; older versions wrote the first alone. */
const TIMES = /^\d{13}(?:,\d{13}){0,2}$/;
/** Between the fields: `@`, unless the site has chosen another one. */
const SEPARATOR = /^[01]([^0-9A-Za-z,|%])/;

/**
 * Commanders Act (`consent.md` 1; doc.commandersact.com, "Consent Cookie"): state, versions and ids, the accepted
 * categories, those that are always on, and times: `0@008|26|4221@2,3@1@t1,t2,t3@`. How many fields versions and ids take
 * has changed over the years, so the fields are counted from the times. Category ids are the site's own.
 */
export const commandersAct: Platform = {
  name: 'commanders-act',
  title: 'Commanders Act TrustCommander',
  cookies: ['TC_PRIVACY'],
  needsMapping: true,
  read: perCookie(readState),
};

function readState(value: string, context: Context): Reading {
  const { source, all } = context;
  const text = percentDecoded(value) ?? '';
  const separator = SEPARATOR.exec(text)?.[1];
  if (separator === undefined) return unreadable(source);
  const fields = text.split(separator, 16).map(plain);
  const timesAt = fields.findIndex((field, i) => i >= 4 && TIMES.test(field));
  if (timesAt === -1) return unreadable(source);
  const [updated, , expires] = (fields[timesAt] ?? '').split(',');
  const facts = {
    at: digitsTime(updated, 1),
    until: digitsTime(expires, 1),
    version: (fields[1] ?? '').split('|', 1)[0],
  };
  if (fields[0] === '1') return choice(source, 0, all, facts);
  const { on, off } = listed((fields[timesAt - 2] ?? '').split(','), context);
  return choice(source, on, off, facts);
}

/** A field without encoding: its commas may be encoded where its own marks are not. */
function plain(field: string): string {
  return readLayers(
    field,
    0,
    (text) => text,
    (text) => !text.includes('%'),
  );
}
