import { ALL_SIGNALS, type SignalMask } from '../core/signals.ts';
import { isVersion } from './text.ts';
import type { Reading, RouteTerms, Status } from './types.ts';

/** What a cookie says beside the choice itself. */
export interface Facts {
  readonly at?: number | undefined;
  readonly version?: string | undefined;
  readonly id?: string | undefined;
  readonly until?: number | undefined;
  readonly terms?: ReadonlyMap<string, RouteTerms> | undefined;
  readonly vendorList?: boolean | undefined;
  readonly unknownServices?: readonly string[] | undefined;
}

/** The note of a record that another tool keeps under a platform's name. */
export const ANOTHER_BANNER = 'the list of another banner';

const NO_FACTS: Facts = {};

// oxlint-disable-next-line max-params -- only the functions below call it, and each of them has a name for what it gives
function reading(
  source: string,
  status: Status,
  granted: SignalMask,
  refused: SignalMask,
  withheld: SignalMask,
  facts: Facts,
  note: string,
  onlyTakes: boolean,
): Reading {
  return {
    source,
    status,
    granted,
    refused,
    withheld,
    at: facts.at,
    version: isVersion(facts.version) ? facts.version : undefined,
    id: facts.id,
    terms: facts.terms,
    vendorList: facts.vendorList,
    unknownServices: facts.unknownServices,
    until: facts.until,
    onlyTakes,
    note,
  };
}

/** The visitor chose: `on` was accepted, `off` refused. A signal in both is refused (README 0, rule 4). */
export function choice(
  source: string,
  on: SignalMask,
  off: SignalMask,
  facts: Facts = NO_FACTS,
  note = 'an explicit choice',
): Reading {
  const granted = on & ~off;
  return reading(source, granted === 0 ? 'denied' : 'given', granted, off, 0, facts, note, false);
}

/**
 * The platform is there and readable, and nobody has chosen anything yet.
 * @param off what it keeps off until somebody does: the default of an opt-out site does not grant it; it is no objection
 */
export function noChoice(
  source: string,
  facts: Facts = NO_FACTS,
  note = 'no choice yet',
  off: SignalMask = 0,
): Reading {
  return { ...reading(source, 'none', 0, 0, off, facts, note, false), byDefault: off };
}

/** The platform is there, but a server cannot see what was chosen. The reading decides nothing; other records may. */
export function mute(source: string, facts: Facts, note: string): Reading {
  return reading(source, 'none', 0, 0, 0, facts, note, true);
}

/** There is a cookie that cannot be read or trusted: everything is withheld (rule 3). */
export function unreadable(source: string, facts: Facts = NO_FACTS, note = 'unreadable'): Reading {
  return { ...reading(source, 'none', 0, 0, ALL_SIGNALS, facts, note, false), unreadable: true };
}

/** All cookies of the platform are empty: nothing is granted; if another platform holds a choice, that one counts. */
export function emptied(source: string): Reading {
  return { ...unreadable(source, NO_FACTS, 'empty'), empty: true };
}

/** The platform says that no consent is needed where this visitor is; nobody clicked (rule 6). */
export function notRequired(
  source: string,
  on: SignalMask,
  off: SignalMask,
  facts: Facts = NO_FACTS,
  note = 'the platform requires no consent here',
): Reading {
  return reading(source, 'not-required', on & ~off, off, 0, facts, note, false);
}

/** A statement that can take away and never grant. */
export function restriction(
  source: string,
  status: Status,
  refused: SignalMask,
  withheld: SignalMask,
  note: string,
): Reading {
  return reading(source, status, 0, refused, withheld & ~refused, NO_FACTS, note, true);
}

/** A choice that no longer counts. What was refused in it stays refused: only grants lapse. */
export function lapsed(found: Reading, note: string): Reading {
  return { ...found, status: 'none', granted: 0, note };
}

/**
 * How far ahead of us a choice may be dated, milliseconds, whatever the platform. Browsers write the time of their own
 * clock, often as local time, and some strings of the TCF hold midnight of the day.
 */
export const MOST_AHEAD = 24 * 3_600_000;

/** A choice with an impossible time: nothing in it can be trusted to grant. */
export function misdated(found: Reading): Reading {
  return {
    ...found,
    status: 'none',
    granted: 0,
    withheld: ALL_SIGNALS,
    at: undefined,
    note: 'dated more than a day ahead',
  };
}
