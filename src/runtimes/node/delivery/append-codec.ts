import type { Append } from '../../../outbox/sql/commit.ts';
import type { OutboxRow, Withdrawal } from '../../../delivery/outbox.ts';

/** One flat list: copied between threads five times as fast as objects are. */
export type Flat = (string | number | boolean)[];

/** In place of the number of a row's subjects, or of its mark: as in the row before. One event's rows share them. */
const SAME = -1;

/** Appends to `flat` what `unflatten` reads. */
export function flatten(flat: Flat, rows: readonly OutboxRow[], withdrawals: readonly Withdrawal[]): void {
  flat.push(rows.length, withdrawals.length);
  let subjects: readonly string[] | undefined;
  let mark = '';
  for (const row of rows) {
    flat.push(
      row.route,
      row.mark === mark ? SAME : row.mark,
      row.lasting,
      row.acceptedAt,
      row.decidedAt,
      row.expiresAt,
      row.policy,
      row.signals,
      row.fields,
    );
    flat.push(row.envelope, row.element);
    if (row.subjects === subjects) flat.push(SAME);
    else flat.push(row.subjects.length, ...row.subjects);
    subjects = row.subjects;
    mark = row.mark;
  }
  for (const { site, subject, signals, at, closedRoutes } of withdrawals) {
    flat.push(site, subject, signals, at, closedRoutes.length, ...closedRoutes);
  }
}

/** The appends of a message, in order. */
export function unflatten(flat: Flat): Append[] {
  let at = 0;
  // Written by `flatten`, so the types are known from the order.
  const text = (): string => flat[at++] as string;
  const number = (): number => flat[at++] as number;
  const flag = (): boolean => flat[at++] as boolean;
  const people = (before: readonly string[]): readonly string[] => {
    const count = number();
    return count === SAME ? before : (flat.slice(at, (at += count)) as string[]);
  };
  const markOf = (before: string): string => {
    const mark = flat[at++];
    return mark === SAME ? before : (mark as string);
  };
  const appends: Append[] = [];
  while (at < flat.length) {
    const rowCount = number();
    const withdrawalCount = number();
    const rows: OutboxRow[] = [];
    let subjects: readonly string[] = [];
    let mark = '';
    for (let i = 0; i < rowCount; i++) {
      rows.push({
        route: text(),
        mark: (mark = markOf(mark)),
        lasting: flag(),
        acceptedAt: number(),
        decidedAt: number(),
        expiresAt: number(),
        policy: text(),
        signals: number(),
        fields: text(),
        envelope: text(),
        element: text(),
        subjects: (subjects = people(subjects)),
      });
    }
    const withdrawals: Withdrawal[] = [];
    for (let i = 0; i < withdrawalCount; i++) {
      const withdrawal = { site: text(), subject: text(), signals: number(), at: number() };
      const closedRoutes = Array.from({ length: number() }, text);
      withdrawals.push({ ...withdrawal, closedRoutes });
    }
    appends.push({ rows, withdrawals });
  }
  return appends;
}
