import { bump } from '../commit.ts';
import { RECORD_BYTES } from './waiting.ts';

/** Records that one gateway holds at most for all of its parts: each is about 2 kB of its memory. */
const MOST_RECORDS = 200_000;

/** The size of what waits in the parts of a gateway. */
export interface HeldLoad {
  /** Characters. */
  readonly bytes: number;
  readonly records: number;
  /** By route: bytes of what waits for it and for no other. */
  readonly alone: Readonly<Record<string, number>>;
}

/** The used share of the room that all gateways have together, or of the memory of the fullest gateway, if that is more. */
export function usedOf(loads: readonly Omit<HeldLoad, 'alone'>[], maxSize: number): number {
  const bytes = loads.reduce((sum, load) => sum + load.bytes + load.records * RECORD_BYTES, 0);
  return Math.max(bytes / maxSize, ...loads.map(({ records }) => records / MOST_RECORDS));
}

/** By route: the share of that room which is used by what waits for this route alone. */
export function aloneOf(loads: readonly HeldLoad[], maxSize: number): Readonly<Record<string, number>> {
  const parts = new Map<string, number>();
  for (const { alone } of loads)
    for (const [route, bytes] of Object.entries(alone)) bump(parts, route, bytes / maxSize);
  return Object.fromEntries(parts);
}

/** The load that another gateway reports; zero if the text cannot be read. */
export function loadIn(text: string): HeldLoad {
  try {
    const { bytes = 0, records = 0, alone = {} } = JSON.parse(text) as Partial<HeldLoad>;
    return { bytes, records, alone };
  } catch {
    return { bytes: 0, records: 0, alone: {} };
  }
}
