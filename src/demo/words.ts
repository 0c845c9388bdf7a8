import { reason as reasonOf, wordsOf } from '../core/reason.ts';
import { BIT, type SignalMask, signalsOf } from '../core/signals.ts';
import type { EventTrace, Trace } from '../decide/trace.ts';
import type { RouteTrace } from '../policy/decide.ts';

/** The decision about one event, in words for people. */
export interface DecisionInWords {
  readonly event: string;
  /** Purposes the visitor allows. */
  readonly allowed: string;
  readonly routes: readonly RouteDecision[];
  /** Names of cookies that the answer took out of the browser. */
  readonly deleted: readonly string[];
}

export interface RouteDecision {
  readonly route: string;
  /** Something goes to this vendor. */
  readonly sends: boolean;
  readonly words: string;
}

/** Every event of a hit, in words. */
export function decisionsOf(trace: Trace): DecisionInWords[] {
  const deleted = trace.withdrawn.length === 0 ? [] : deletedCookies(trace.setCookies);
  return trace.events.map((event) => ({
    event: event.name,
    allowed: purposes(event.signals) || 'nothing',
    routes: event.routes.map((decision) => ({
      route: decision.route.name,
      sends: decision.outcome === 'planned',
      words: decisionWords(event, decision),
    })),
    deleted,
  }));
}

function decisionWords(event: EventTrace, { outcome, reason, permit }: RouteTrace): string {
  if (outcome === 'planned') {
    if (permit.verdict === 'limited') return 'sent without any identifier, as the configuration chose (limited)';
    const ads = (event.signals & BIT.ad_storage) !== 0;
    return ads ? 'sent in full' : 'sent for statistics, with nothing of advertising in it';
  }
  if (outcome === 'blocked') {
    const missing = permit.missing & ~event.signals;
    if (missing !== 0) {
      const named = `${purposes(missing)} (${signalsOf(missing).join(', ')})`;
      return wordsOf(reasonOf('blocked.consent', { missing: named }));
    }
  }
  return reason === undefined ? outcome : wordsOf(reason);
}

/** The visitor's side of the signals: statistics is analytics_storage, marketing all three of advertising. */
function purposes(signals: SignalMask): string {
  const named: string[] = [];
  if ((signals & BIT.analytics_storage) !== 0) named.push('statistics');
  if ((signals & (BIT.ad_storage | BIT.ad_user_data | BIT.ad_personalization)) !== 0) named.push('marketing');
  return named.join(' and ');
}

function deletedCookies(setCookies: readonly string[]): string[] {
  const expired = setCookies.filter((cookie) => cookie.includes('; Max-Age=0;'));
  return [...new Set(expired.map((cookie) => cookie.slice(0, cookie.indexOf('='))))];
}
