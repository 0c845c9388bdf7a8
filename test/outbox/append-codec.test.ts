import { expect, it } from 'vitest';
import { flatten, unflatten, type Flat } from '../../src/outbox/append-codec.ts';
import { outboxRecord, sharedRecord } from '../support/delivery.ts';

it('what is handed to the other thread is what comes out there', () => {
  const flat: Flat = [];
  const subjects = ['client:1', 'user:2'];
  const appends = [
    {
      records: [
        outboxRecord('a', 'x', { consentDay: 20_000, subjects, mark: 'order 1', lasting: true, limited: false }),
        sharedRecord(['a', 'b'], 'y', { consentDay: 0, subjects, params: ['colour'], rule: 'f00d+' }),
        outboxRecord('b', 'z', { limited: true }),
      ],
      withdrawals: [],
    },
    { records: [], withdrawals: [{ site: 'shop', subject: 'me', signals: 3, at: 17, closedRoutes: ['shop/a'] }] },
    { records: [outboxRecord('a', 'again')], withdrawals: [] },
  ];
  for (const { records, withdrawals } of appends) flatten(flat, records, withdrawals);
  expect(unflatten(flat)).toEqual(appends);
});
