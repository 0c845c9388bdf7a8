import type { Hono } from 'hono';
import type { AnyView, Element, PlanContext } from '../core/form.ts';
import { wordsOf } from '../core/reason.ts';
import { signalsOf } from '../core/signals.ts';
import { masked } from '../core/view.ts';
import { markOf, type EndedRow } from '../delivery/ends.ts';
import type { EventTrace, Trace } from '../decide/trace.ts';
import type { RouteTrace } from '../policy/decide.ts';
import type { Route } from '../policy/gateway.ts';
import type { Permit } from '../policy/permit.ts';
import { interestOf } from '../policy/signals.ts';
import type { Problem } from '../protocols/hit.ts';
import { Live } from './live.ts';
import { PREVIEW_PAGE, SCRIPT, STYLE } from './preview-page.ts';
import { problemResponse } from './problem.ts';
import type { RefusalRecord } from './refusals.ts';
import { unlistedOf, unlistedWords } from './unlisted.ts';

/** One event as the preview shows it: decisions, and what is to be sent. Nothing that was not permitted is in it. */
export interface PreviewRecord {
  readonly at: string;
  readonly site: string;
  /** The way in it came by. */
  readonly source: string;
  readonly event: string;
  readonly consent: readonly string[];
  readonly signals: readonly string[];
  /** Further advice, e.g. about a consent platform that is not configured. */
  readonly hints: readonly string[];
  readonly routes: readonly {
    readonly route: string;
    /** The rule that applied, by its place, with what it says; undefined where none did, or the route has none. */
    readonly rule?: string;
    readonly verdict: string;
    /** Signals the full form lacks. */
    readonly missing: readonly string[];
    readonly outcome: string;
    /** The reason's code, and its words. */
    readonly reason: string;
    readonly words: string;
    readonly fields: readonly string[];
    readonly sent: string;
    /** The mark by which the end of its delivery is found; empty where nothing is stored. */
    readonly mark: string;
  }[];
}

/** What the preview shows. */
export type PreviewMessage =
  | { readonly kind: 'trace'; readonly record: PreviewRecord }
  | { readonly kind: 'refused'; readonly record: RefusalRecord }
  | { readonly kind: 'ended'; readonly record: readonly EndedRow[] };

/** Shows it in the preview. */
export type Show = (message: PreviewMessage) => void;

/** Pages that may watch at once: each one costs processor time. */
const MOST_WATCHERS = 8;
const TOO_MANY_WATCHERS: Problem = {
  status: 503,
  title: 'Too many previews',
  detail: `At most ${MOST_WATCHERS} previews are open at once. Close one of them.`,
};

/** The live preview of the admin listener: the decisions and their ends, while somebody watches. */
export class Preview {
  readonly #live: Live;
  /** Routes that wait for a person, as each process says it, by its number. */
  readonly #stopped = new Map<number, Readonly<Record<string, string>>>();

  /** @param changed called when the first page begins to watch and when the last one ends */
  constructor(changed?: (watched: boolean) => void) {
    this.#live = new Live(changed, MOST_WATCHERS);
  }

  /** Gets the decisions and ends; undefined while no preview is open. */
  get watcher(): Show | undefined {
    return this.#live.watched ? this.show : undefined;
  }

  readonly show: Show = ({ kind, record }) => this.#live.send(kind, record);

  /** Keeps the routes that are stopped in one process, and sends those of all processes to every page, now or later. */
  stoppedIn(process: number, routes: Readonly<Record<string, string>>): void {
    this.#stopped.set(process, routes);
    this.#live.greet('stopped', this.stopped);
    this.#live.send('stopped', this.stopped);
  }

  /** Every route that is stopped in any process, with the reason. */
  get stopped(): Readonly<Record<string, string>> {
    return Object.assign({}, ...this.#stopped.values()) as Readonly<Record<string, string>>;
  }

  mount(app: Hono): void {
    const page = (body: string, type: string) => () =>
      new Response(body, {
        headers: {
          'content-type': `${type}; charset=utf-8`,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          // Anybody can choose event names (R82), so no inline script and no script from elsewhere may run.
          'content-security-policy':
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        },
      });
    app.get('/preview', page(PREVIEW_PAGE, 'text/html'));
    app.get('/preview.js', page(SCRIPT, 'text/javascript'));
    app.get('/preview.css', page(STYLE, 'text/css'));
    app.get('/stopped', () => Response.json({ stopped: this.stopped }, { headers: { 'cache-control': 'no-store' } }));
    app.get('/preview/stream', () => this.#live.response() ?? problemResponse(TOO_MANY_WATCHERS));
  }
}

/** Shows an accepted hit. */
export function showTrace(trace: Trace, show: Show): void {
  const hints = unlistedOf(trace).map(unlistedWords);
  for (const event of trace.events) show({ kind: 'trace', record: previewRecord(trace, event, hints) });
}

/** What the preview shows of one event. */
export function previewRecord(trace: Trace, event: EventTrace, hints: readonly string[] = []): PreviewRecord {
  return {
    at: new Date(trace.hit.at).toISOString(),
    site: trace.site.name,
    source: trace.source,
    event: event.event?.event_name ?? '(not read)',
    consent: event.consent.readings.map(({ source, note }) => `${source}: ${note}`),
    signals: signalsInForce(trace, event),
    hints,
    routes: event.routes.map((decision) => previewRoute(trace, event, decision)),
  };
}

/** The signals in force, with a mark at those on legitimate interest. */
function signalsInForce({ site }: Trace, { consent, signals }: EventTrace): readonly string[] {
  const interest = signalsOf(interestOf(site, consent, signals));
  return signalsOf(signals).map((signal) => (interest.includes(signal) ? `${signal} (legitimate interest)` : signal));
}

function previewRoute(
  trace: Trace,
  event: EventTrace,
  // The plan first: making it may end the route.
  { plan: made, view, context, route, permit, outcome, reason }: RouteTrace,
): PreviewRecord['routes'][number] {
  const plan = made && view && context && permit.sealed.length > 0 ? shownPlan(route, permit, view, context) : made;
  return {
    route: route.name,
    ...(route.rule !== undefined && { rule: `rule ${route.rule.place}: ${route.rule.words}` }),
    verdict: permit.verdict,
    missing: signalsOf(permit.missing),
    outcome,
    reason: reason?.code ?? '',
    words: reason === undefined ? '' : wordsOf(reason),
    fields: permit.open.filter(({ from }) => event.event?.[from] !== undefined).map(({ field }) => field),
    sent: plan?.element ?? '',
    // Of an event that is stored and has no form the delivery tells what becomes of it, too.
    mark: view === undefined ? '' : markOf(route.key, trace.hit.at, plan?.element ?? ''),
  };
}

/** The form of an event without what is sealed in it: user data in the clear is the receiver's alone. */
function shownPlan({ bound }: Route, { sealed }: Permit, view: AnyView, context: PlanContext): Element | undefined {
  const plan = bound.full.plan(masked(view, sealed), context);
  return 'skip' in plan ? undefined : plan;
}
