import { reason, type CodeOf, type Reason } from '../../core/reason.ts';
import type { Element, PlanContext, Plan } from '../../core/destination.ts';
import type { Route } from '../../policy/gateway.ts';
import { isFor } from '../../core/recipient.ts';
import { ROUTE_CHANGED } from '../egress/allowed.ts';
import { viewOf, type EventBody } from '../event-body.ts';
import type { QueuedRecord } from '../store.ts';

/** A stored event in its vendor's form, as the settings in force make it. */
export interface QueuedRow extends Omit<QueuedRecord, 'body' | 'params' | 'rule' | 'alone' | 'stored'>, Element {
  /** Why there is no such form any more; then `envelope` is `FORMLESS` and `element` is empty. */
  readonly formless: Reason<CodeOf<'skipped' | 'failed'>> | undefined;
  /** The route it was made for. */
  readonly route: Route | undefined;
  readonly record: QueuedRecord;
}

/** The envelope of what has no form: no vendor's own, none of which is asked about it. */
export const FORMLESS = '\0';
const NO_FORM: Element = { envelope: FORMLESS, element: '' };

/** Makes the vendor's form of a stored event. Without a route there is none, which is looked at before it is sent. */
export function rowOf(record: QueuedRecord, route: Route | undefined): QueuedRow {
  const plan = route === undefined ? NO_FORM : planOf(record, route);
  const { id, type, signals, fields, limited, acceptedAt, consentDay, expiresAt, policy, size } = record;
  const { envelope, element } = 'skip' in plan ? NO_FORM : plan;
  const formless = 'skip' in plan ? plan.skip : undefined;
  return {
    id,
    type,
    signals,
    fields,
    limited,
    acceptedAt,
    consentDay,
    expiresAt,
    policy,
    size,
    envelope,
    element,
    formless,
    route,
    record,
  };
}

const RULE_GONE = reason('skip.rule_gone');

type Made = Element | { readonly skip: Reason<CodeOf<'skipped' | 'failed'>> };

function planOf(record: QueuedRecord, route: Route): Made {
  // Of what was stored for somebody else no form is made, and it waits for nothing more.
  if (!isFor(record.type, route.bound.recipient)) return { skip: ROUTE_CHANGED };
  try {
    const body = record.body();
    if ('element' in body) return body;
    const own = record.rule === undefined ? route : route.rules?.byKey.get(record.rule);
    return own === undefined ? { skip: RULE_GONE } : planned(body, record, own);
  } catch {
    return faultOf(route);
  }
}

function planned(body: EventBody, record: QueuedRecord, route: Route): Plan {
  const context: PlanContext = {
    signals: record.signals,
    refused: body.refused,
    hitId: body.hitId,
    at: record.acceptedAt,
    source: body.source,
    siteCountry: body.country,
  };
  return route.bound.full.plan(viewOf(body, route, record, record.alone === true), context);
}

function faultOf({ destination }: Route): { readonly skip: Reason<'failed.destination'> } {
  return { skip: reason('failed.destination', { module: destination.name, step: 'plan' }) };
}
