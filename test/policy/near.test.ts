import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/core/reason.ts';
import { nameReason, nameReasons } from '../../src/policy/near.ts';

describe('why a route does not take an event', () => {
  const reasons = nameReasons('skip.not_mapped', ['purchase', 'Bestilling_fullført']);

  it.each([
    ['Purchase', { near: 'purchase' }],
    ['purchases', { near: 'purchase' }],
    ['bestilling-fullført', { near: 'Bestilling_fullført' }],
    ['page_view', { name: 'page_view' }],
    ['kari_nordmann', {}],
    ['', {}],
  ])('%j says %j', (name, params) => {
    expect(nameReason(reasons, name)).toEqual({ code: 'skip.not_mapped', params });
  });

  it('is made once, not for each event', () => {
    expect(nameReason(reasons, 'page_view')).toBe(nameReason(reasons, 'page_view'));
    expect(nameReason(reasons, 'Purchase')).toBe(nameReason(reasons, 'PURCHASE'));
  });

  it('says what was meant', () => {
    expect(wordsOf(nameReason(reasons, 'Purchases'))).toContain('did you mean purchase?');
    expect(wordsOf(nameReason(reasons, 'kari_nordmann'))).not.toContain('kari');
  });
});
