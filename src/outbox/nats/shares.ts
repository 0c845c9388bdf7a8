import type { OutboxRecord } from '../../delivery/outbox.ts';
import { whoseOf } from '../../policy/event-key.ts';
import type { Names } from './names.ts';

/** The records of an append that go to one part, and the place of each in the append. */
export interface Share {
  readonly part: number;
  readonly records: OutboxRecord[];
  readonly places: number[];
}

/** The highest number of messages in one batch. */
const MOST = 800;

/**
 * Divides records among the parts. All records of a visitor go to the same part, so that a hit and its marks are one
 * batch, and a repeat finds the mark of the first event. Without a visitor, the mark decides; without a mark, `turn`.
 */
export function sharesOf(records: readonly OutboxRecord[], names: Names, turn: () => number): Share[] {
  const shares: Share[] = [];
  let before: number | undefined;
  records.forEach((record, place) => {
    const text = decidingText(record);
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

/** The text that decides the part of a record with a mark: the visitor in the mark, else the mark. */
function decidingText({ routes }: OutboxRecord): string | undefined {
  const mark = routes.find((route) => route.mark !== '')?.mark;
  return mark === undefined ? undefined : (whoseOf(mark) ?? mark);
}

function partOfSubject({ subjects: [first] }: OutboxRecord, names: Names): number | undefined {
  return first === undefined ? undefined : names.partOf(first);
}

/** The highest number of messages for these records: one each, and their marks. */
function costOf(records: readonly OutboxRecord[]): number {
  return records.reduce((sum, { routes }) => sum + 1 + new Set(routes.map(({ mark }) => mark)).size, 0);
}
