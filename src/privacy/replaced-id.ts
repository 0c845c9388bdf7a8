import type { KeyedHash } from '../core/hash.ts';
import type { RawEvent } from '../core/fields.ts';

/** The setting for ids that several visitors share (`privacy.replaced_ids`), compiled. */
export interface ReplacedIds {
  /** Length of the number that stands for a client id. */
  readonly bits: number;
  /** How long it stands for it, milliseconds. Windows begin at multiples of it, UTC. */
  readonly window: number;
  /** A trait that fewer visitors than this have shown in the window is rare. */
  readonly rareBelow: number;
}

/** One window of one site. It is a value from outside, as the time is: deciding neither begins nor ends a window. */
export interface IdWindow {
  /** Unix milliseconds. */
  readonly began: number;
  /** Under a random key that is in memory only and is destroyed with the window (R4). */
  readonly hash: KeyedHash;
  /** Whether enough visitors have shown this in the window (R7). */
  readonly isCommon: (cell: string) => boolean;
}

/** The windows in force, by the name of the site. */
export type IdWindows = ReadonlyMap<string, IdWindow>;

/** No windows: then ids that are to be replaced are not sent. */
export const NO_WINDOWS: IdWindows = new Map();

/** Of the visitors of a window, the share that has its number in common with another. */
const SHARED = 0.01;

/** How many bits make about one in a hundred of `visitors` share a number: 1 - e^(-N / 2^b) = 0.01 (R3). */
export function bitsFor(visitors: number): number {
  return Math.round(Math.log2(visitors / -Math.log(1 - SHARED)));
}

/** The number that stands for a client id in this window (R3), in the form of a client id issued when it began. */
export function replacedClientId(cid: string, window: IdWindow, bits: number): string {
  const digest = window.hash(`client|${cid}`);
  const [a = 0, b = 0, c = 0, d = 0] = digest;
  const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> (32 - bits);
  return `${number}.${Math.floor(window.began / 1000)}`;
}

const HOUR = 3_600_000;

/**
 * A session id is the second in which the session began, and that would tell visitors with the same client id apart. So
 * only the hour is kept, and no time before the window. Unix seconds; a value that is no past time becomes the hour of the
 * hit.
 */
export function replacedSessionId(sid: string, window: IdWindow, at: number): string {
  const claimed = Number(sid) * 1000;
  const start = claimed >= 0 && claimed <= at ? claimed : at;
  return String(Math.floor(Math.max(window.began, start - (start % HOUR)) / 1000));
}

/** The only identifiers of an event whose ids are replaced; none without a window. */
export function replacedIdentifiers(
  own: Partial<RawEvent>,
  window: IdWindow | undefined,
  { bits }: ReplacedIds,
  at: number,
): Partial<RawEvent> {
  const replaced: Partial<RawEvent> = {};
  if (window === undefined) return replaced;
  if (own.client_id !== undefined) replaced.client_id = replacedClientId(own.client_id, window, bits);
  if (own.session_id !== undefined) replaced.session_id = replacedSessionId(own.session_id, window, at);
  return replaced;
}
