import { reason, type CodeOf, type Reason } from '../../core/reason.ts';
import type { Element, PlanContext, Plan } from '../../core/destination.ts';
import type { Route } from '../../policy/gateway.ts';
import { isFor } from '../../core/recipient.ts';
import { GATE_MASK } from '../../core/signals.ts';
import { masked } from '../../core/view.ts';
import { ROUTE_CHANGED } from '../egress/allowed.ts';
import { openedView, viewOf, type EventBody } from '../event-body.ts';
import type { QueuedRecord } from '../store.ts';

/** A stored event in its vendor's form, as the settings in force make it. */
export interface QueuedRow extends Omit<QueuedRecord, 'body' | 'params' | 'rule' | 'alone' | 'stored'>, Element {
  /** Why there is no such form any more; then `envelope` is `FORMLESS` and `element` is empty. */
  readonly formless: Reason<CodeOf<'skipped' | 'failed'>> | undefined;
  /** The element with what is sealed in it opened; undefined = nothing is. Throws where it cannot be opened. */
  readonly opened: (() => string) | undefined;
  /** The route it was made for. */
  readonly route: Route | undefined;
  readonly record: QueuedRecord;
}

/** The envelope of rows without a form. No vendor uses it, and no vendor code is called for it. */
export const FORMLESS = '\0';
const NO_FORM: Element = { envelope: FORMLESS, element: '' };

/** A form that holds something sealed: what stands for it is in the element. */
interface Sealed extends Element {
  readonly opened: () => string;
}

/** Makes the vendor's form of a stored event. Without a route there is no form; the check before sending ends the row. */
export function rowOf(record: QueuedRecord, route: Route | undefined): QueuedRow {
  const plan: Made = route === undefined ? NO_FORM : planOf(record, route);
  const { id, type, signals, fields, limited, acceptedAt, consentDay, expiresAt, policy, size } = record;
  const { envelope, element } = 'skip' in plan ? NO_FORM : plan;
  const formless = 'skip' in plan ? plan.skip : undefined;
  const opened = 'opened' in plan ? plan.opened : undefined;
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
    opened,
    route,
    record,
  };
}

const RULE_GONE = reason('skip.rule_gone');

type Made = Element | Sealed | { readonly skip: Reason<CodeOf<'skipped' | 'failed'>> };

function planOf(record: QueuedRecord, route: Route): Made {
  // It was stored for another recipient, so no form is made, and it does not have to wait.
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

function planned(body: EventBody, record: QueuedRecord, route: Route): Plan | Sealed {
  const context: PlanContext = {
    signals: record.signals,
    refused: body.refused,
    hitId: body.hitId,
    at: record.acceptedAt,
    source: body.source,
    siteCountry: body.country,
  };
  const { full } = route.bound;
  const view = viewOf(body, route, record, record.alone === true);
  const sealed = route.permits[record.signals & GATE_MASK]?.sealed ?? [];
  const plan = full.plan(masked(view, sealed), context);
  if ('skip' in plan || !sealed.some((field) => field in view)) return plan;
  const opened = (): string => {
    const open = full.plan(openedView(view, route, record, body.hitId), context);
    if ('skip' in open) throw new Error('no form of what was sealed');
    return open.element;
  };
  return { ...plan, opened };
}

function faultOf({ destination }: Route): { readonly skip: Reason<'failed.destination'> } {
  return { skip: reason('failed.destination', { module: destination.name, step: 'plan' }) };
}
