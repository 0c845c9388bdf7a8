import type { OutboxRecord } from '../../delivery/outbox.ts';
import { whoseOf } from '../../policy/event-key.ts';
import type { Names } from './names.ts';

/** The records of an append that one part takes, and where each of them was. */
export interface Share {
  readonly part: number;
  readonly records: OutboxRecord[];
  readonly places: number[];
}

/** Messages that one batch may have at most. */
const MOST = 800;

/**
 * Divides records among the parts: by whose they are, so that a visitor's hit and its marks are one batch, and a repeat
 * meets the mark of the first. Where that is nobody in particular, by what tells the repeat, else `turn` by turn.
 */
export function sharesOf(records: readonly OutboxRecord[], names: Names, turn: () => number): Share[] {
  const shares: Share[] = [];
  let before: number | undefined;
  records.forEach((record, place) => {
    const text = meant(record);
    const part: number = text === undefined ? (before ?? partOfSubject(record, names) ?? turn()) : names.partOf(text);
    before = part;
    let share = shares.find((one) => one.part === part && costOf(one.records) + costOf([record]) <= MOST);
    if (share === undefined) {
      share = { part, records: [], places: [] };
      shares.push(share);
    }
    share.records.push(record);
    share.places.push(place);
  });
  return shares;
}

/** What decides where a record with a mark is. */
function meant({ routes }: OutboxRecord): string | undefined {
  const mark = routes.find((route) => route.mark !== '')?.mark;
  return mark === undefined ? undefined : (whoseOf(mark) ?? mark);
}

function partOfSubject({ subjects: [first] }: OutboxRecord, names: Names): number | undefined {
  return first === undefined ? undefined : names.partOf(first);
}

/** Messages these take at most: one each, and their marks. */
function costOf(records: readonly OutboxRecord[]): number {
  return records.reduce((sum, { routes }) => sum + 1 + new Set(routes.map(({ mark }) => mark)).size, 0);
}
