import type { JsonLog } from './log.ts';

const HOUR = 3_600_000;

/**
 * Writes to the log that everything goes to a sink, at once and every hour. Otherwise a person who forgot the sink
 * would see a gateway that delivers, and vendors that get nothing.
 */
export function remindOfSink(sink: string, log: JsonLog): { readonly stop: () => void } {
  const say = (): void =>
    log.warn('--sink: everything goes to the sink and nothing to any vendor', { url: sink, code: 'sink' });
  say();
  const timer = setInterval(say, HOUR).unref();
  return { stop: () => clearInterval(timer) };
}
