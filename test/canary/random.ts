/** Random numbers that can be repeated: a seeded generator (mulberry32) with 32 bits of state. */
export interface Random {
  /** From 0 up to 1. */
  (): number;
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function below(chance: Random, end: number): number {
  return Math.floor(chance() * end);
}

export function oneOf<T>(chance: Random, list: readonly T[]): T {
  return list[below(chance, list.length)] as T;
}
