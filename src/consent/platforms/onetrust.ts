import { AD_SIGNALS, ALL_SIGNALS, type Category, type SignalMask } from '../../core/signals.ts';
import { cookieValues } from '../cookie-header.ts';
import { chosen, type Context, type SignalMarks, type Platform } from '../platform.ts';
import { withServices } from '../service-marks.ts';
import { lapsed, mute, noChoice, unreadable } from '../reading.ts';
import { servicesOf } from '../services.ts';
import { isoTime, percentDecoded, readLayers } from '../text.ts';
import type { Reading } from '../types.ts';

type Flag = readonly [name: string, allowed: boolean];

const RECORD = 'OptanonConsent';
const CLOSED = 'OptanonAlertBoxClosed';

/** Group ids as OneTrust hands them out, now and earlier; a site's own need a mapping. */
const GROUPS: ReadonlyMap<string, Category> = new Map([
  ['C0003', 'preferences'],
  ['3', 'preferences'],
  ['fnc', 'preferences'],
  ['C0002', 'statistics'],
  ['2', 'statistics'],
  ['prf', 'statistics'],
  ['C0004', 'marketing'],
  ['4', 'marketing'],
  ['trg', 'marketing'],
]);

/**
 * OneTrust (`consent.md` 1): a query string with the groups, and single vendors and hosts inside them. Only
 * `OptanonAlertBoxClosed` tells that somebody chose; the groups are pre-set.
 */
export const oneTrust: Platform = {
  name: 'onetrust',
  title: 'OneTrust',
  cookies: [RECORD, CLOSED],
  read(found, context) {
    const closed = closedAt(cookieValues(found, CLOSED));
    const records = cookieValues(found, RECORD);
    // It does not hold the choice, so it does not contradict another record.
    if (records.length === 0) return [mute(context.source, { at: closed }, 'closed, but no record of the choice')];
    return records.map((record) => readRecord(record, closed, context));
  },
};

/** The oldest of the times the notice was closed; undefined if one of them is no time. */
function closedAt(values: readonly string[]): number | undefined {
  let oldest: number | undefined;
  for (const value of values) {
    const at = readLayers(value, 0, isoTime, (time) => time !== undefined);
    if (at === undefined) return undefined;
    oldest = Math.min(at, oldest ?? at);
  }
  return oldest;
}

/**
 * A record that was percent-encoded as a whole, decoded. If it has `&` or `=` of its own it is not decoded, because the
 * landing page's address in it would become pairs.
 */
function unwrapped(record: string): string {
  return readLayers(record, 0, itself, (text) => text.includes('='));
}

const itself = (text: string): string => text;

/** `C0001:1,C0002:0`, without encoding. */
function listOf(value: string): string {
  return readLayers(value, 0, itself, (list) => !list.includes('%'));
}

function readRecord(record: string, closed: number | undefined, context: Context): Reading {
  const { source } = context;
  const groups: string[] = [];
  const services: Flag[] = [];
  let id: string | undefined;
  let version: string | undefined;
  let awaiting = false;
  let gpc = false;
  // It is split before it is decoded, because the landing page's address in it may contain the text of groups.
  for (const pair of unwrapped(record).split('&')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const key = pair.slice(0, equals);
    const value = pair.slice(equals + 1);
    if (key === 'groups') {
      if (percentDecoded(value) === undefined) return unreadable(source);
      groups.push(listOf(value));
    } else if (key === 'genVendors' || key === 'hosts') {
      if (percentDecoded(value) === undefined) return unreadable(source);
      services.push(...(key === 'hosts' ? hostsIn(listOf(value), context) : vendorsIn(listOf(value))));
    } else if (key === 'consentId') id = value;
    else if (key === 'version') version = value;
    else if (key === 'AwaitingReconsent') awaiting ||= value !== 'false';
    else if (key === 'isGpcEnabled' || key === 'browserGpcFlag') gpc ||= value !== '0' && value !== '';
  }
  const facts = { at: closed, id, version };
  if (groups.length === 0) return unreadable(source, facts);
  const preset = marksOf(groups, context);
  // The browser's own signal, as OneTrust saw it.
  const objected = gpc && context.honourGpc ? AD_SIGNALS : 0;
  if (closed === undefined) {
    const unanswered = noChoice(source, facts, 'groups are pre-set: nobody has closed the notice', preset.off);
    return { ...unanswered, refused: objected };
  }
  const found = servicesOf(services, context.book, context.purposes);
  const marks = withServices(preset, found, context);
  const choice = chosen(source, { ...marks, off: marks.off | objected }, facts);
  if (awaiting) return lapsed(choice, 'the platform asks again');
  const left = leftToTcf(groups, preset, context);
  return left === 0 ? choice : { ...choice, about: ALL_SIGNALS & ~left };
}

/** Groups of purposes of the IAB, which stand in place of the platform's own on TCF sites. */
const IAB_GROUP = /^(?:(?:V2|I)?STACK\d{1,4}|IABV2_\d{1,3}):(.*)$/;

/**
 * The signals that the record leaves to the TC string beside it: a site with the TCF has purposes of the IAB, by number,
 * instead of the category of advertising. Only the string says what they allow.
 */
function leftToTcf(groups: readonly string[], { on, off }: SignalMarks, { readsTcf, all }: Context): SignalMask {
  if (!readsTcf) return 0;
  const states = groups.flatMap((list) => list.split(',')).flatMap((group) => IAB_GROUP.exec(group)?.[1] ?? []);
  return states.length > 0 && states.every((state) => state === '1') ? all & ~(on | off) : 0;
}

function marksOf(groups: readonly string[], context: Context): SignalMarks {
  let on = 0;
  let off = 0;
  for (const list of groups) {
    for (const group of list.split(',')) {
      const colon = group.indexOf(':');
      const name = colon === -1 ? group : group.slice(0, colon);
      const mask = signalsOfGroup(name, context);
      if (colon !== -1 && group.slice(colon + 1) === '1') on |= mask;
      else off |= mask;
    }
  }
  return { on, off };
}

function signalsOfGroup(name: string, { purposes, categories }: Context): number {
  if (purposes !== undefined) return purposes.get(name) ?? 0;
  const category = GROUPS.get(name);
  return category === undefined ? 0 : categories[category];
}

/** General vendors, `V1:0,V2:1,`: numbers of the site's own, or names. */
function vendorsIn(list: string): Flag[] {
  return list.split(',').flatMap((pair): Flag[] => {
    const [name = '', state] = pair.split(':', 2);
    return name === '' ? [] : [[name, state === '1']];
  });
}

/** Hosts, `H12:1,H13:0`: only the site knows which service is behind a number, so only those it has mapped are read. */
function hostsIn(list: string, { book }: Context): Flag[] {
  return book.hasOwn ? vendorsIn(list).filter(([name]) => book.mapped(name) !== undefined) : [];
}
