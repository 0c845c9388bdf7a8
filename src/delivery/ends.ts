import { sha256Hex } from '../core/hash.ts';
import { readReason, showReason, wordsOf, type Reason } from '../core/reason.ts';
import type { RowOutcome } from './store.ts';

/** How one attempt to deliver a stored row ended, for the preview. */
export interface EndedRow {
  /** Finds the row among those that were shown when they were accepted. */
  readonly mark: string;
  /** An outcome, or `retried`, `stopped` or `awaiting`: then the row still waits. */
  readonly state: RowOutcome | 'retried' | 'stopped' | 'awaiting';
  /** Why, in words that are safe to show. */
  readonly words: string;
}

/** Told while somebody watches. */
export type Ended = (row: EndedRow) => void;

/** The same text for a decision and for the row stored of it. It is made of what both have, so no id has to be passed on. */
export function markOf(route: string, acceptedAt: number, element: string): string {
  return sha256Hex(`${route}|${acceptedAt}|${element}`).slice(0, 16);
}

/** A reason for people, with its code and what the vendor said in numbers. */
export function saidOf(why: Reason): string {
  return `${wordsOf(why)} [${showReason(why)}]`;
}

/** The same of reasons that were written on one line. */
export function saidOfEach(reasons: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(reasons).map(([route, text]) => {
      const why = readReason(text);
      return [route, why === undefined ? text : saidOf(why)];
    }),
  );
}
