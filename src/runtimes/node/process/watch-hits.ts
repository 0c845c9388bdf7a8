import type { Counters } from '../../../ledger/counters.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import type { JsonLog } from './log.ts';

/** How often faults are written to the log, milliseconds. */
const FAULTS_EVERY = 60_000;
/** After this many hits without a readable consent a line is logged. */
const SILENT_HITS = 1_000;

/**
 * Writes to the log, once a minute, how many events a fault of the gateway prevented from being sent, and where the
 * fault was. It says nothing about the events.
 */
export function watchForFaults({ faults }: Counters, log: Pick<JsonLog, 'error'>): NodeJS.Timeout {
  const said = new Map<string, number>();
  return setInterval(() => {
    for (const [place, count] of faults.values) {
      const news = count - (said.get(place) ?? 0);
      if (news === 0) continue;
      said.set(place, count);
      log.error('events were not sent because of a fault of the gateway', {
        code: place.replace('\t', ': '),
        count: news,
      });
    }
  }, FAULTS_EVERY).unref();
}

/** Tells the operator when the hits of a site never carry a consent. Most often the cookie does not reach this host. */
export function watchForSilence(counters: Counters, gateway: () => Gateway, log: JsonLog): NodeJS.Timeout {
  const told = new Set<string>();
  return setInterval(() => {
    for (const { name } of gateway().sites) {
      const hits = counters.hits.values.get(name) ?? 0;
      if (hits < SILENT_HITS || told.has(name) || counters.readableConsent.values.has(name)) continue;
      told.add(name);
      log.warn(
        'no hit of this site has carried a readable consent cookie, so nothing is sent: check consent.cmp, and that the cookie reaches this host (a host-only cookie does not reach a subdomain)',
        { site: name, count: hits },
      );
    }
  }, 10_000).unref();
}
