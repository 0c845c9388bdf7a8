import type { ConfigPath, Remark } from './finding.ts';
import type { Config } from './schema.ts';

/** What is wrong or doubtful about a configuration whose every value is readable. */
export function lint(_config: Config, _now: number): Remark[] {
  return [];
}
export type { ConfigPath };
