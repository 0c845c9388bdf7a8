import type { Refusals } from '../../../http/refusals.ts';
import type { JsonLog } from './log.ts';

/**
 * One log line a minute about refused requests. Without it, a wrong origin in a tag manager would be visible nowhere.
 */
export function sumRefusals(refusals: Refusals, log: JsonLog): NodeJS.Timeout {
  return setInterval(() => sayRefusals(refusals, log), 60_000).unref();
}

/** Writes what was refused since the last line, if anything was; also when the gateway stops within the minute. */
export function sayRefusals(refusals: Refusals, log: JsonLog): void {
  const sum = refusals.take();
  if (sum !== undefined)
    log.warn(
      'requests were refused in the last minute: the preview shows each, and which setting would accept it',
      sum,
    );
}
