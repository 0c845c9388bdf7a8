import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_SIGNALS, type SignalMask } from '../../core/signals.ts';
import { leftTo } from '../../policy/closed-routes.ts';
import type { WithdrawnSince } from '../../decide/trace.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { subjectKeys } from '../subject-keys.ts';
import { concerns, leftBy } from '../tombstone.ts';
import { WithdrawalReader } from './withdrawal-log.ts';

/** How long to wait before a file that could not be opened is tried again, milliseconds. */
const AGAIN_MS = 10_000;

/**
 * Looks up what the visitors of back ends have withdrawn, so that a late event has only what is left. If this cannot be
 * read, the event is not let through for that: the delivery thread, which can read it, ends the event when it is
 * stored.
 */
export function withdrawnSinceIn(dir: string, gateway: () => Gateway): WithdrawnSince {
  const file = join(dir, 'withdrawals.sqlite');
  let keysFor: Gateway | undefined;
  let keyOf: ReturnType<typeof subjectKeys> = () => undefined;
  let reader: WithdrawalReader | undefined;
  let notBefore = 0;
  const find = (subject: number): ReturnType<WithdrawalReader['of']> => {
    try {
      if (reader === undefined && performance.now() >= notBefore && existsSync(file))
        reader = new WithdrawalReader(file);
      return reader?.of(subject);
    } catch {
      reader?.close();
      reader = undefined;
      notBefore = performance.now() + AGAIN_MS;
      return undefined;
    }
  };
  return (site, subjects, since) => {
    if (subjects.length === 0) return undefined;
    const now = gateway();
    if (now !== keysFor) {
      keysFor = now;
      keyOf = subjectKeys(now);
    }
    const found = subjects
      .map((subject) => keyOf(site.name, subject))
      .map((key) => (key === undefined ? undefined : find(key)))
      .filter((tombstone) => tombstone !== undefined);
    const signals = found.reduce((left, tombstone) => left & leftBy(tombstone, since), ALL_SIGNALS);
    const leftOf = (route: string): SignalMask | undefined => {
      let left: SignalMask = ALL_SIGNALS;
      for (const tombstone of found) {
        const one = leftTo(route, tombstone.closed, since);
        if (one === undefined) return undefined;
        left &= one;
      }
      return left;
    };
    return found.some((tombstone) => site.routes.some(({ key }) => concerns(tombstone, key, since)))
      ? { signals, leftOf }
      : undefined;
  };
}
