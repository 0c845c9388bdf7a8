import type { Cookies } from './cookie-header.ts';
import { cookieValues } from './cookie-header.ts';
import { listed, readValue, type Context, type Platform } from './platform.ts';
import { choice, mute, noChoice, notRequired, unreadable, type Facts } from './reading.ts';
import { demandsOptIn } from './regions.ts';
import { percentDecoded, readLayers } from './text.ts';
import type { Reading } from './types.ts';

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
    const readings = [
      ...cookieValues(found, LEVELS).map((value) => readLevels(value, listOf, context, facts)),
      ...cookieValues(found, HIGHEST).map((value) => readLevels(value, upTo, context, facts)),
      ...cookieValues(found, PERMIT).map((value) => readLevels(value, permitted, context, facts)),
    ];
    return readings.length > 0 ? readings : [withoutPreference(found, context, facts)];
  },
};

/** `implied,us` alone: the notice asks for nothing there. `expressed,eu` alone: nobody has answered. */
function withoutPreference(found: Cookies, context: Context, facts: Facts): Reading {
  const behaviours = cookieValues(found, BEHAVIOUR);
  if (behaviours.length === 0) return mute(context.source, facts, 'an id, and no record of a choice');
  const implied = behaviours.length > 0 && behaviours.every(isImplied);
  return implied
    ? notRequired(context.source, context.all, 0, facts, 'implied: nobody clicked')
    : noChoice(context.source, facts);
}

function isImplied(behaviour: string): boolean {
  const [kind, region] = readLayers(
    behaviour,
    0,
    (text) => text.split(','),
    (parts) => parts.length > 1,
  );
  return kind === 'implied' && region !== 'eu' && !demandsOptIn(region);
}

function readLevels(
  encoded: string,
  parse: (levels: string) => readonly string[] | undefined,
  context: Context,
  facts: Facts,
): Reading {
  return readValue(encoded, (value) => readText(percentDecoded(value), parse, context, facts));
}

function readText(
  text: string | undefined,
  parse: (levels: string) => readonly string[] | undefined,
  context: Context,
  facts: Facts,
): Reading {
  const { source } = context;
  if (text === undefined) return unreadable(source);
  // `0,1,2:` or, newer, `0,1,2::implied,us`.
  const [levels = '', , behaviour] = text.split(':');
  const accepted = parse(levels);
  if (accepted === undefined) return unreadable(source);
  const { on, off } = listed(accepted, context);
  if (behaviour === undefined || behaviour === '' || behaviour.startsWith('expressed')) {
    return choice(source, on, off, facts);
  }
  return isImplied(behaviour)
    ? notRequired(source, on, off, facts, 'implied: nobody clicked')
    : noChoice(source, facts, 'implied where consent must be given');
}

const LIST = /^[0-9]{1,2}(?:,[0-9]{1,2})*$/;

function listOf(levels: string): readonly string[] | undefined {
  return LIST.test(levels) ? levels.split(',') : undefined;
}

/** The highest accepted level, and with it all below. */
function upTo(levels: string): readonly string[] | undefined {
  if (!/^[0-9]$/.test(levels)) return undefined;
  return Array.from({ length: Number(levels) + 1 }, (_, level) => String(level));
}

/** `permit 1,2,3` or `permit 1 required`, counted from 1. */
function permitted(levels: string): readonly string[] | undefined {
  const [verb, ...numbers] = levels.split(/[ _,|]/, 12);
  if (verb !== 'permit') return undefined;
  return numbers.filter((number) => /^[1-9]$/.test(number)).map((number) => String(Number(number) - 1));
}
