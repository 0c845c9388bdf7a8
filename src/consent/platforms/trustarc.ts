import type { Cookies } from '../cookie-header.ts';
import { cookieValues } from '../cookie-header.ts';
import { listed, readValue, type Context, type Platform } from '../platform.ts';
import { choice, mute, noChoice, notRequired, unreadable, type Facts } from '../reading.ts';
import { demandsOptIn } from '../regions.ts';
import { percentDecoded, readLayers } from '../text.ts';
import type { Reading } from '../types.ts';

const LEVELS = 'notice_gdpr_prefs';
const HIGHEST = 'notice_preferences';
const PERMIT = 'cmapi_cookie_privacy';
const BEHAVIOUR = 'notice_behavior';
const ID = 'TAconsentID';

/**
 * TrustArc (`consent.md` 1): up to three cookies tell which levels were accepted, and all of them must. What a
 * level stands for is the site's own: level 0 is required, the mapping names the others.
 */
export const trustArc: Platform = {
  name: 'trustarc',
  title: 'TrustArc',
  cookies: [LEVELS, HIGHEST, PERMIT, BEHAVIOUR, ID],
  needsMapping: true,
  read(found, context) {
    const facts = { id: cookieValues(found, ID)[0] };
    const behaviours = cookieValues(found, BEHAVIOUR);
    const read = (cookie: string, parse: Parser) =>
      cookieValues(found, cookie).map((value) =>
        readValue(value, (text) => readText(percentDecoded(text), parse, behaviours, context, facts)),
      );
    const readings = [...read(LEVELS, listOf), ...read(HIGHEST, upTo), ...read(PERMIT, permitted)];
    return readings.length > 0 ? readings : [withoutPreference(found, context, facts)];
  },
};

/** `implied,us` alone: the notice asks for nothing there. `expressed,eu` alone: nobody has answered. */
function withoutPreference(found: Cookies, context: Context, facts: Facts): Reading {
  const behaviours = cookieValues(found, BEHAVIOUR);
  if (behaviours.length === 0) return mute(context.source, facts, 'an id, and no record of a choice');
  return behaviours.every(isImpliedElsewhere)
    ? { ...notRequired(context.source, context.all, 0, facts, 'implied: nobody clicked'), onlyTakes: true }
    : notAsked(context, facts);
}

/** Another banner may hold the choice; without one, nothing is on where this notice has to ask first. */
function notAsked({ source, all }: Context, facts: Facts): Reading {
  return { ...noChoice(source, facts, 'the kind of notice, but no record of a choice', all), empty: true };
}

/** How the notice asks, and for which region: `expressed,eu`, `implied|us`. */
function partsOf(behaviour: string): readonly string[] {
  return readLayers(
    behaviour,
    0,
    (text) => text.split(/[,|]/),
    (parts) => parts.length > 1,
  );
}

function isImplied(behaviour: string): boolean {
  return !(partsOf(behaviour)[0] ?? '').startsWith('expressed');
}

function isImpliedElsewhere(behaviour: string): boolean {
  const [kind, region] = partsOf(behaviour);
  return kind === 'implied' && region !== 'eu' && !demandsOptIn(region);
}

type Parser = (levels: string) => readonly string[] | undefined;

function readText(
  text: string | undefined,
  parse: Parser,
  behaviours: readonly string[],
  context: Context,
  facts: Facts,
): Reading {
  const { source } = context;
  if (text === undefined) return unreadable(source);
  // `0,1,2:`, `0|1|2:<hash>` or, newer, `0,1,2::implied,us`; else another cookie tells how it was asked.
  const [levels = '', , own = ''] = text.split(':');
  // Also as a list of JSON: `[0,1,2]`.
  const accepted = parse(LIST_IN_BRACKETS.exec(levels)?.[1] ?? levels);
  if (accepted === undefined) return unreadable(source);
  const { on, off } = listed(accepted, context);
  const asked = own === '' ? behaviours : [own];
  if (!asked.some(isImplied)) return choice(source, on, off, facts);
  if (asked.every(isImpliedElsewhere)) return notRequired(source, on, off, facts, 'implied: nobody clicked');
  // A level that was switched off still counts as refused.
  return { ...noChoice(source, facts, 'implied where consent must be given', context.all), refused: off };
}

const LIST_IN_BRACKETS = /^\[(\d{1,2}(?:,\d{1,2})+)\]$/;
const LIST = /^[0-9]{1,2}(?:[,|][0-9]{1,2})*$/;

function listOf(levels: string): readonly string[] | undefined {
  return LIST.test(levels) ? levels.split(/[,|]/) : undefined;
}

/** The highest accepted level, and with it all below; a list of levels is only what it lists. */
function upTo(levels: string): readonly string[] | undefined {
  if (!/^[0-9]$/.test(levels)) return listOf(levels);
  return Array.from({ length: Number(levels) + 1 }, (_, level) => String(level));
}

/** `permit 1,2,3` or `permit 1 required`, counted from 1. */
function permitted(levels: string): readonly string[] | undefined {
  const [verb, ...numbers] = levels.split(/[ _,|]/, 12);
  if (verb !== 'permit') return undefined;
  return numbers.filter((number) => /^[1-9]$/.test(number)).map((number) => String(Number(number) - 1));
}
