import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SqliteOutbox } from '../../src/outbox/sql/outbox-sqlite.ts';
import type { StorePolicy } from '../../src/outbox/sql/store-policy.ts';
import type { StoredRow } from '../../src/outbox/sql/stored-row.ts';
import { ROUTE_SPAN } from '../../src/outbox/sql/outbox-schema.ts';
import { WithdrawalLog } from '../../src/outbox/sql/withdrawal-log.ts';
import { temporary } from '../support/serve.ts';

it('what a visitor has withdrawn does not come back from an older page of a damaged log', () => {
  const dir = temporary();
  const log = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
  const policy: StorePolicy = {
    subjectKey: (_site, subject) => (subject === '*' ? 9 : 7),
    remembers: () => true,
    shared: false,
    everybodyOf: () => undefined,
    siteOf: () => 'shop',
    mayStay: (_route, _row, signals) => signals === 15,
    maxSize: 1e9,
    deadLetters: 1e9,
  };
  const outbox = new SqliteOutbox(join(dir, 'outbox.sqlite'), log, () => policy, Date.now);
  const row = (n: number, subjects: string): StoredRow => ({
    id: ROUTE_SPAN + n,
    route: 'shop/a',
    event: `event ${n}`,
    acceptedAt: 1_000,
    expiresAt: 1e15,
    policy: 'p',
    signals: 15,
    fields: '7',
    subjects,
    envelope: 'e',
    element: 'x',
    mark: 0,
  });
  try {
    log.add([{ subject: 7, gone: [2_000, 2_000, 2_000, 2_000], closed: {} }]);
    const rows = new Map([row(1, '7'), row(2, '8')].map((some) => [some.id, some]));
    const dead = new Map([row(3, '7'), row(4, '')].map((some) => [some.id, { row: some, died: 1_500, reason: 'r' }]));
    expect(outbox.restore({ rows, dead })).toBe(2);
    expect(outbox.read('shop/a', 0, 10).map(({ id }) => id)).toEqual([ROUTE_SPAN + 2]);
    expect(outbox.pending).toBe(2);
  } finally {
    outbox.close();
    log.close();
    rmSync(dir, { recursive: true });
  }
});
