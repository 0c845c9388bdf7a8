import { describe, expect, it } from 'vitest';
import type { CookieInput } from '../../src/cookies/index.ts';
import { parseSetCookie, type ParsedSetCookie } from './browser.ts';
import { ADS, DAY, NOW, seconds, SETTINGS, signingKey, visit } from './visit.ts';

const MINUTE = 60_000;
const settings = { ...SETTINGS, ownId: true };
const setOf = (set: readonly string[], name: string): ParsedSetCookie | undefined =>
  set.map(parseSetCookie).findLast((one) => one.name === name);
/** A hit of a page whose client keeps no session. */
const page = (header: string, more: Partial<CookieInput> = {}) => visit(header, { settings, session: 'kept', ...more });
const headerOf = (set: readonly string[], before = ''): string =>
  [before, ...set.filter((one) => !one.includes('Max-Age=0')).map((one) => one.slice(0, one.indexOf(';')))]
    .filter((one) => one !== '')
    .join('; ');

describe('pv_session, for pages whose client keeps no session (`destinations/ga4.md` 2.3: unix seconds)', () => {
  const first = page('');
  const jar = headerOf(first.set);

  it('begins with the first hit, hidden from scripts, host-only, for half an hour', () => {
    expect(first.identifiers.session_id).toBe(seconds(NOW));
    const set = first.set.find((one) => one.startsWith('pv_session=')) ?? '';
    expect(parseSetCookie(set).attributes).toEqual({
      'Max-Age': '1800',
      Path: '/',
      Secure: true,
      HttpOnly: true,
      SameSite: 'Lax',
    });
    // It does not tell visitors apart: all who came in one second have the same.
    expect(page('', { hitId: 'another' }).identifiers.session_id).toBe(seconds(NOW));
    expect(first.subjects).toEqual([`own:${first.identifiers.own_id}`]);
  });

  it('goes on while events come, and is written once a minute', () => {
    const soon = page(jar, { at: NOW + MINUTE - 1 });
    expect([soon.identifiers.session_id, soon.set]).toEqual([seconds(NOW), []]);
    const later = page(jar, { at: NOW + 29 * MINUTE });
    expect(later.identifiers.session_id).toBe(seconds(NOW));
    expect(setOf(later.set, 'pv_session')?.attributes['Max-Age']).toBe('1800');
    const [id] = jar.split('; ');
    const further = page(headerOf(later.set, id), { at: NOW + 58 * MINUTE });
    expect(further.identifiers.session_id).toBe(seconds(NOW));
  });

  it('ends after half an hour without an event', () => {
    const at = NOW + 30 * MINUTE;
    expect(page(jar, { at }).identifiers.session_id).toBe(seconds(at));
  });

  it('ends with the cap of analytics identifiers, and never lives on beyond it', () => {
    const short = { ...settings, analytics: 10 * MINUTE };
    const begun = page('', { settings: short });
    expect(setOf(begun.set, 'pv_session')?.attributes['Max-Age']).toBe('600');
    const at = NOW + 9 * MINUTE;
    const late = page(headerOf(begun.set), { settings: short, at });
    expect(late.identifiers.session_id).toBe(seconds(NOW));
    expect(setOf(late.set, 'pv_session')?.attributes['Max-Age']).toBe('60');
    const after = page(headerOf(late.set, headerOf(begun.set).split('; ')[0]), { settings: short, at: at + MINUTE });
    expect(after.identifiers.session_id).toBe(seconds(at + MINUTE));
  });

  it('begins anew with a new own id, so that it links no two', () => {
    const session = jar.split('; ').find((one) => one.startsWith('pv_session=')) ?? '';
    const at = NOW + 2 * MINUTE;
    expect(page(session, { at }).identifiers.session_id).toBe(seconds(at));
  });

  it.each([
    ['without analytics_storage', { granted: ADS }],
    ['where the site wants no own id', { settings: SETTINGS }],
    ['without a key', { settings: { ...settings, signing: [] } }],
    ['of a client with sessions of its own', { session: undefined }],
    ['of a back end', { session: 'read' as const }],
  ])('does not begin %s', (_, more) => {
    const { identifiers, set } = page('', more);
    expect(identifiers.session_id).toBeUndefined();
    expect(setOf(set, 'pv_session')).toBeUndefined();
  });

  it('is read for a back end that passes the cookie on', () => {
    expect(page(jar, { session: 'read', at: NOW + MINUTE }).identifiers.session_id).toBe(seconds(NOW));
  });

  it('gives way to the session of a Google tag', () => {
    const { identifiers } = page(`${jar}; _ga_TEST000001=GS1.1.1795390000.1.1.1795390100.0.0.0`);
    expect(identifiers.session_id).toBe('1795390000');
  });

  it('is deleted without its consent', () => {
    const { set, withdrawn } = page(jar, { granted: ADS });
    expect(set.some((one) => one.startsWith('pv_session=; Max-Age=0'))).toBe(true);
    expect(withdrawn).toEqual([`own:${first.identifiers.own_id}`]);
  });

  it('is nothing when it is forged, of another key, or from the future', () => {
    const value = setOf(first.set, 'pv_session')?.value ?? '';
    const [id] = jar.split('; ');
    const at = NOW + 5 * MINUTE;
    for (const forged of [`${value}A`, value.replace(seconds(NOW), seconds(NOW - DAY)), seconds(NOW)])
      expect(page(`${id}; pv_session=${forged}`, { at }).identifiers.session_id).toBe(seconds(at));
    const other = page('', { settings: { ...settings, signing: [signingKey('k9', 9)] } });
    const foreign = setOf(other.set, 'pv_session')?.value;
    expect(page(`${id}; pv_session=${foreign}`, { at }).identifiers.session_id).toBe(seconds(at));
    const ahead = setOf(page('', { at: NOW + DAY }).set, 'pv_session')?.value;
    expect(page(`${id}; pv_session=${ahead}`, { at }).identifiers.session_id).toBe(seconds(at));
  });
});
