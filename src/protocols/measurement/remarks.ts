import type { Problem, HitRemark } from '../hit.ts';
import { type Mistake, placeOf, said } from '../json-parts.ts';
import { badRequest } from '../limits.ts';

/** Google's codes for mistakes (`destinations/ga4.md` 2.9). */
export type Code =
  | 'VALUE_INVALID'
  | 'VALUE_REQUIRED'
  | 'NAME_INVALID'
  | 'NAME_RESERVED'
  | 'VALUE_OUT_OF_BOUNDS'
  | 'EXCEEDED_MAX_ENTITIES';

/** Most mistakes that are reported. */
const MOST_TOLD = 50;

type Path = readonly PropertyKey[];

/** Gathers what is wrong with a body. */
export class Remarks {
  readonly list: HitRemark[] = [];

  add(path: Path, code: Code, says: string): void {
    if (this.list.length < MOST_TOLD) this.list.push({ at: placeOf(path), code, says });
  }

  addAll(mistakes: readonly Mistake[]): void {
    for (const { path, message } of mistakes) this.add(path, 'VALUE_INVALID', message);
  }

  /** Refuses the whole body for what has been found. */
  get problem(): Problem {
    const detail = this.list.map(({ at, says }) => said({ path: [], message: at === '' ? says : `${at}: ${says}` }));
    return { ...badRequest(detail.join('; ')), remarks: this.list };
  }
}
