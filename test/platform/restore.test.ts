import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SqliteOutbox } from '../../src/outbox/sql/outbox-sqlite.ts';
import type { StorePolicy } from '../../src/outbox/store-policy.ts';
import type { StoredRecord } from '../../src/outbox/record.ts';
import { SITE_SPAN } from '../../src/outbox/sql/outbox-schema.ts';
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
  const decided = { type: 'a', signals: 15, fields: '7', limited: false, params: undefined, expiresAt: 1e15, mark: 0 };
  const record = (n: number, subjects: readonly number[]): StoredRecord => ({
    id: SITE_SPAN + n,
    site: 'shop',
    acceptedAt: 1_000,
    decidedAt: 1_000,
    consentDay: undefined,
    policy: 'p',
    subjects,
    routes: [{ name: 'a', ...decided }],
    body: '{"envelope":"e","element":"x"}',
  });
  try {
    log.add([{ subject: 7, gone: [2_000, 2_000, 2_000, 2_000], closed: {} }]);
    const records = new Map([record(1, [7]), record(2, [8])].map((some) => [some.id, some]));
    const dead = new Map(
      [record(3, [7]), record(4, [])].map((some) => [some.id, { record: some, died: 1_500, reason: 'r' }]),
    );
    expect(outbox.restore({ records, dead })).toBe(2);
    expect(outbox.read('shop/a', 0, 10).records.map(({ id }) => id)).toEqual([SITE_SPAN + 2]);
    expect(outbox.pending).toBe(2);
  } finally {
    outbox.close();
    log.close();
    rmSync(dir, { recursive: true });
  }
});
