import { describe, expect, it } from 'vitest';
import { missingConsent, outcomeOf, reason, REASON_CODES, showReason, wordsOf } from '../../src/core/reason.ts';
import { REASONS } from '../../src/core/reasons.ts';
import { BIT } from '../../src/core/signals.ts';

describe('the dictionary of reasons', () => {
  it.each(REASON_CODES)('%s names each of its parameters, and no other, and says what to do', (code) => {
    const { params, says, means, todo } = REASONS[code];
    const named = [...says.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set<string>(params));
    expect(code).toMatch(/^[a-z]+\.[a-z_]+$/);
    expect(means).toMatch(/^[A-Z].*\.$/);
    expect(todo).toMatch(/^[A-Z].*\.$/);
  });

  it('has no words left open when parameters are missing', () => {
    for (const code of REASON_CODES) expect(wordsOf(reason(code))).not.toMatch(/[[\]{}]/);
  });
});

describe('a reason', () => {
  it('is one value for each code without parameters', () => {
    expect(reason('skip.duplicate')).toBe(reason('skip.duplicate'));
    expect(Object.isFrozen(reason('skip.duplicate'))).toBe(true);
  });

  it('says its parameters, and leaves out what it does not know', () => {
    expect(wordsOf(reason('skip.not_mapped'))).toBe('the event is not set up as a conversion of this route');
    expect(wordsOf(reason('skip.not_mapped', { name: undefined, near: 'purchase' }))).toBe(
      'the event is not set up as a conversion of this route; did you mean purchase?',
    );
  });

  it('names what consent is missing, without making a value for each event', () => {
    const missing = BIT.ad_storage | BIT.ad_user_data;
    expect(missingConsent(missing)).toBe(missingConsent(missing | BIT.functionality_storage));
    expect(showReason(missingConsent(missing))).toBe('blocked.consent{missing=ad_storage, ad_user_data}');
    expect(wordsOf(missingConsent(missing))).toBe('the visitor has not allowed ad_storage, ad_user_data');
    expect(showReason(missingConsent(0))).toBe('blocked.consent');
  });

  it('stands for one outcome', () => {
    expect(outcomeOf(reason('skip.lacks', { fields: 'value' }))).toBe('skipped');
    expect(outcomeOf(missingConsent(BIT.ad_storage))).toBe('blocked');
  });
});
