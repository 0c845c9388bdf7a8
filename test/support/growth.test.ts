import { describe, expect, it } from 'vitest';
import { expectLinear, expectWithin } from './growth.ts';

const square = (length: number) => () => {
  let sum = 0;
  for (let i = 0; i < length; i++) for (let j = 0; j < length; j++) sum += i ^ j;
  return sum;
};
const line = (length: number) => () => {
  let sum = 0;
  for (let i = 0; i < length * 500; i++) sum += i ^ length;
  return sum;
};

describe('growth', () => {
  it('is linear for one loop, and not for one in the other', () => {
    expect(() => expectLinear(line, 1_600)).not.toThrow();
    expect(() => expectLinear(square, 1_600)).toThrow(/less than or equal/);
  });

  it('is told from that of other work', () => {
    expect(() => expectWithin(10, line(100), line(100))).not.toThrow();
    expect(() => expectWithin(10, line(100), line(4_000))).toThrow(/less than or equal/);
  });
});
