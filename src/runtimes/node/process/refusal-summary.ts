import type { Refusals } from '../../../http/refusals.ts';
import type { JsonLog } from './log.ts';

/** One line a minute on what was refused: a wrong origin in a tag manager would leave no trace otherwise. */
export function sumRefusals(refusals: Refusals, log: JsonLog): NodeJS.Timeout {
  return setInterval(() => sayRefusals(refusals, log), 60_000).unref();
}

/** What was refused since the last line, if anything was; also when the gateway stops within the minute. */
export function sayRefusals(refusals: Refusals, log: JsonLog): void {
  const sum = refusals.take();
  if (sum !== undefined)
    log.warn('requests were refused in the last minute: the preview shows each, and what would take it in', sum);
}
