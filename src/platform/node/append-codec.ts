import type { Append } from './outbox-sqlite.ts';
import type { OutboxRow, Withdrawal } from '../../delivery/outbox.ts';

/** One flat list: copied between threads five times as fast as objects are. */
export type Flat = (string | number | boolean)[];

/** Appends to `flat` what `unflatten` reads. */
export function flatten(flat: Flat, rows: readonly OutboxRow[], withdrawals: readonly Withdrawal[]): void {
  flat.push(rows.length, withdrawals.length);
  for (const row of rows) {
    flat.push(row.route, row.eventId, row.dedupe, row.acceptedAt, row.expiresAt, row.policy, row.signals, row.fields);
    flat.push(row.envelope, row.element, row.subjects.length, ...row.subjects);
  }
  for (const { site, subject, signals, lasting } of withdrawals) flat.push(site, subject, signals, lasting);
}

/** The appends of a message, in order. */
export function unflatten(flat: Flat): Append[] {
  let at = 0;
  const next = <T extends string | number | boolean>(): T => flat[at++] as T;
  const appends: Append[] = [];
  while (at < flat.length) {
    const rowCount = next<number>();
    const withdrawalCount = next<number>();
    const rows: OutboxRow[] = [];
    for (let i = 0; i < rowCount; i++) {
      const row = {
        route: next<string>(),
        eventId: next<string>(),
        dedupe: next<boolean>(),
        acceptedAt: next<number>(),
        expiresAt: next<number>(),
        policy: next<string>(),
        signals: next<number>(),
        fields: next<string>(),
        envelope: next<string>(),
        element: next<string>(),
      };
      const count = next<number>();
      rows.push({ ...row, subjects: flat.slice(at, (at += count)) as string[] });
    }
    const withdrawals: Withdrawal[] = [];
    for (let i = 0; i < withdrawalCount; i++) {
      withdrawals.push({ site: next(), subject: next(), signals: next(), lasting: next() });
    }
    appends.push({ rows, withdrawals });
  }
  return appends;
}
