import { listed, perCookie, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';
import { digitsTime, percentDecoded, readLayers } from './text.ts';

/** Commanders Act (`consent/README.md` 1): `0@version@..@..@2,3@@times@`; category ids are the site's own. */
export const commandersAct: Platform = {
  name: 'commanders-act',
  title: 'Commanders Act TrustCommander',
  cookies: ['TC_PRIVACY'],
  needsMapping: true,
  read: perCookie((value, context) => {
    const fields = (percentDecoded(value) ?? '').split('@', 16);
    const [state, version, , , categories, , times] = fields;
    if (fields.length < 7 || categories === undefined) return unreadable(context.source);
    const facts = { at: digitsTime(plain(times ?? '').split(',', 1)[0], 1), version };
    if (state === '1') return choice(context.source, 0, context.all, facts);
    if (state !== '0') return unreadable(context.source);
    const { on, off } = listed(plain(categories).split(','), context);
    return choice(context.source, on, off, facts);
  }),
};

/** A field without encoding: its commas may be encoded where its own marks are not. */
function plain(field: string): string {
  return readLayers(
    field,
    0,
    (text) => text,
    (text) => !text.includes('%'),
  );
}
