import { describe, expect, it } from 'vitest';
import { egressViolation } from '../../src/delivery/egress.ts';
import { RIGHT_REQUESTS } from '../support/examples.ts';

describe('the egress check', () => {
  it.each(RIGHT_REQUESTS.map((right) => [right.name, right] as const))('lets pass: %s', (_, right) => {
    expect(egressViolation(right.destination, [right.facts], right.request)).toBeUndefined();
  });
});
