import type { Hono } from 'hono';
import { wordsOf } from '../core/reason.ts';
import { signalsOf } from '../core/signals.ts';
import type { EventTrace, Trace } from '../pipeline.ts';
import type { RouteTrace } from '../policy/decide.ts';
import { interestOf } from '../policy/signals.ts';
import type { Problem } from '../sources/hit.ts';
import { Live } from './live.ts';
import type { Watcher } from './ports.ts';
import { problemResponse } from './problem.ts';

/** One event as the preview shows it: decisions, and what is to be sent. Nothing that was not permitted is in it. */
export interface PreviewRecord {
  readonly at: string;
  readonly site: string;
  readonly event: string;
  readonly consent: readonly string[];
  readonly signals: readonly string[];
  readonly routes: readonly {
    readonly route: string;
    readonly verdict: string;
    readonly outcome: string;
    readonly reason: string;
    readonly words: string;
    readonly fields: readonly string[];
    readonly sent: string;
  }[];
}

/** Pages that may watch at once: each one costs the work of showing. */
const MOST_WATCHERS = 8;
const TOO_MANY_WATCHERS: Problem = {
  status: 503,
  title: 'Too many watch',
  detail: `At most ${MOST_WATCHERS} previews are open at once. Close one of them.`,
};

/** The live preview of the admin listener: what is decided, while somebody looks. */
export class Preview {
  readonly #live: Live;

  /** `changed` is told when somebody begins to look and when nobody does any more. */
  constructor(changed?: (watched: boolean) => void) {
    this.#live = new Live(changed, MOST_WATCHERS);
  }

  /** Who is to be told of a trace; undefined while nobody looks. */
  get watcher(): Watcher | undefined {
    return this.#live.watched ? this.#watch : undefined;
  }

  readonly #watch = (trace: Trace): void => {
    for (const event of trace.events) this.show(previewRecord(trace, event));
  };

  /** Shows a record that was made elsewhere. */
  show(record: PreviewRecord): void {
    this.#live.send('trace', record);
  }

  mount(app: Hono): void {
    const page = (body: string, type: string) => () =>
      new Response(body, {
        headers: {
          'content-type': `${type}; charset=utf-8`,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          // Event names come from anywhere (R82): nothing inline, nothing from elsewhere.
          'content-security-policy':
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        },
      });
    app.get('/preview', page(PAGE, 'text/html'));
    app.get('/preview.js', page(SCRIPT, 'text/javascript'));
    app.get('/preview.css', page(STYLE, 'text/css'));
    app.get('/preview/stream', () => this.#live.response() ?? problemResponse(TOO_MANY_WATCHERS));
  }
}

/** What the preview shows of one event. */
export function previewRecord(trace: Trace, event: EventTrace): PreviewRecord {
  return {
    at: new Date(trace.hit.at).toISOString(),
    site: trace.site.name,
    event: event.event?.event_name ?? '(not read)',
    consent: event.consent.readings.map(({ source, note }) => `${source}: ${note}`),
    signals: signalsInForce(trace, event),
    routes: event.routes.map((decision) => previewRoute(event, decision)),
  };
}

/** The signals in force; those that nobody has granted say so. */
function signalsInForce({ site }: Trace, { consent, signals }: EventTrace): readonly string[] {
  const interest = signalsOf(interestOf(site, consent, signals));
  return signalsOf(signals).map((signal) => (interest.includes(signal) ? `${signal} (legitimate interest)` : signal));
}

function previewRoute(
  event: EventTrace,
  { route, permit, outcome, reason, plan }: RouteTrace,
): PreviewRecord['routes'][number] {
  return {
    route: route.name,
    verdict: permit.verdict,
    outcome,
    reason: reason?.code ?? '',
    words: reason === undefined ? '' : wordsOf(reason),
    fields: permit.open.filter(({ field }) => event.event?.[field] !== undefined).map(({ field }) => field),
    sent: plan?.element ?? '',
  };
}

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Portvakt preview</title><link rel="stylesheet" href="/preview.css"><script defer src="/preview.js"></script></head>
<body>
<h1>Preview</h1>
<p id="state">Connecting ...</p>
<p>Events appear here as they arrive, with what each route gets and why. Nothing is kept, and what a visitor has not allowed is not shown.</p>
<ol id="events" reversed></ol>
</body>
</html>
`;

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;max-width:70rem}li{margin-bottom:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #8885}pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem}`;

const SCRIPT = `
const list = document.getElementById('events');
const state = document.getElementById('state');
const add = (parent, tag, text) => { const node = document.createElement(tag); if (text !== undefined) node.textContent = text; parent.append(node); return node; };
const stream = new EventSource('/preview/stream');
stream.onopen = () => { state.textContent = 'Connected: waiting for events.'; };
stream.onerror = () => { state.textContent = 'The connection is gone; trying again.'; };
stream.addEventListener('trace', ({ data }) => {
  const record = JSON.parse(data);
  const item = document.createElement('li');
  add(item, 'strong', record.event + ' - ' + record.site + ' - ' + record.at);
  add(item, 'p', 'Allowed: ' + (record.signals.join(', ') || 'nothing') + '. ' + record.consent.join('; '));
  const table = add(item, 'table');
  const head = add(table, 'tr');
  for (const name of ['Route', 'Verdict', 'Outcome', 'Fields', 'Sent']) add(head, 'th', name);
  for (const route of record.routes) {
    const row = add(table, 'tr');
    add(row, 'td', route.route);
    add(row, 'td', route.verdict);
    add(row, 'td', route.outcome + (route.words === '' ? '' : ': ' + route.words + ' (' + route.reason + ')'));
    add(row, 'td', route.fields.join(', '));
    add(add(row, 'td'), 'pre', route.sent || 'nothing');
  }
  list.prepend(item);
  while (list.childElementCount > 100) list.lastElementChild.remove();
});
`;
