/**
 * The tag: what a page loads to send its events to the gateway, in place of a vendor's script (docs/tag.md). It keeps
 * nothing in the browser and reads no identifier: who the visitor is, the gateway knows by its own cookie, if the choice
 * permits one. `npm run gen` makes the text of it that is served (`scripts/tag.ts`).
 */
import type { Pv, PvMore, PvParams } from './pv.d.ts';

/** Cookies that hold a choice, `name=value`: made from the list of consent platforms. */
declare const RECORDS: RegExp;

/** An event of the JSON form (docs/events.md). */
type TagEvent = { readonly name: string } & Readonly<Record<string, unknown>>;

/** Events in one request, and events that wait for a choice. */
const MOST = 25;

/** What platforms dispatch when a choice is made or changed. Each only leads to a look at the cookies. */
const SAID =
  'cc:onConsent cc:onChange CookiebotOnAccept CookiebotOnDecline visitorConsentCollected ucEvent wp_listen_for_consent_change';

const page = document;
const script = page.currentScript as HTMLScriptElement;
const { consent, wait, views } = script.dataset;
const to = new URL('../v1/events', script.src).href;
const names = consent?.split(' ');
/** What keeps the calls that come before this script. */
const early = window.pv;

const waiting: TagEvent[] = [];
/** The view of the page that is shown, and its address. */
let shown: TagEvent | undefined;
let address: string | undefined;
let { referrer } = page;
/** The choice when it was last looked at. */
let known: string;
/** The site has said that there is a choice. */
let told: boolean | undefined;
let busy: boolean | undefined;
let moved: ReturnType<typeof setTimeout> | 0 = 0;
/** Milliseconds the page was seen since the last event, and since when it is seen; 0 = it is not. */
let seen = 0;
let since = 0;

const hidden = () => page.visibilityState === 'hidden';

const record = () =>
  page.cookie
    .split('; ')
    .filter((pair) => (names ? names.includes(pair.split('=', 1).join()) : RECORDS.test(pair)))
    .sort()
    .join();

const chosen = () => told || wait === 'off' || record();

/** With the groups of OneTrust, whose record is there before anybody has chosen, and is written again at every page. */
const state = () => record() + (/groups=[^&;]*/.exec(page.cookie) ?? '');

const measure = () => {
  const now = performance.now();
  if (since) seen += now - since;
  since = hidden() ? 0 : now;
};

const event = (name: string, params?: PvParams, more?: PvMore): TagEvent => {
  measure();
  const made = {
    name,
    // Of this event alone: when it is sent again, it is recognised by it.
    id: crypto.getRandomValues(new Uint32Array(4)).join('-'),
    page: { url: location.href, referrer, title: page.title },
    params: { engagement_time_msec: Math.round(seen), ...params },
    language: navigator.language,
    screen: `${screen.width}x${screen.height}`,
    ...more,
  };
  seen = 0;
  return made;
};

/** Undefined = the browser has taken it over, and nobody hears of its answer. */
const post = (events: readonly TagEvent[], again?: boolean): Promise<unknown> | undefined => {
  const body = JSON.stringify({ events });
  if (hidden() && navigator.sendBeacon(to, body)) return undefined;
  const later = () => void (again || setTimeout(() => void post(events, true), 5000));
  return fetch(to, { method: 'POST', body, keepalive: true, credentials: 'include' }).then(
    ({ status }) => (status === 503 || status === 429) && later(),
    later,
  );
};

/** One request after the other, so that the cookie of the first answer is there for the second; `now` = at once. */
const flush = (now?: unknown) => {
  if (!waiting.length || (!now && (busy || !chosen()))) return;
  const sent = post(waiting.splice(0, MOST));
  if (!sent) return flush(now);
  busy = true;
  void sent.then(() => {
    busy = false;
    flush();
  });
};

const add = (one: TagEvent) => {
  if (waiting.push(one) > MOST && !chosen()) waiting.shift();
  setTimeout(flush);
};

/** The same view under the same id: counted once, whatever was permitted of it before, and it brings a withdrawal. */
const changed = () => {
  known = state();
  shown ??= event('page_view');
  if (!waiting.includes(shown)) waiting.push(shown);
  flush(true);
};

const look = () => void (state() === known || changed());

const view = () => {
  clearTimeout(moved);
  moved = 0;
  const here = location.href.split('#')[0];
  if (views === 'manual' || here === address) return;
  referrer = address ?? page.referrer;
  address = here;
  add((shown = event('page_view')));
};

/** Titles are set after the address, and what leads on at once is no view. */
const move = () => {
  clearTimeout(moved);
  moved = setTimeout(view, 100);
};

const pv: Pv = (name: string, params?: PvParams, more?: PvMore) => {
  if (moved) view();
  if (name === 'consent') {
    told = true;
    return changed();
  }
  const made = event(name, params, more);
  if (name === 'page_view') shown = made;
  add(made);
};

const pressed = ({ type, target }: Event) => {
  for (const ms of [0, 500, 2000]) setTimeout(look, ms);
  const element = (target as Element).closest?.<HTMLElement>('[data-pv-event]');
  // A form counts when it is sent, and not when something in it is pressed.
  if (!element || (type === 'submit') !== (element.tagName === 'FORM')) return;
  const params: Record<string, string | undefined> = {};
  const { pvEvent, ...rest } = element.dataset;
  for (const key in rest) {
    if (!/^pv[A-Z]/.test(key)) continue;
    params[key.slice(2).replace(/[A-Z]/g, (letter, at) => (at ? '_' : '') + letter.toLowerCase())] = rest[key];
  }
  if (pvEvent) pv(pvEvent, params);
};

/** While it is captured: for what is sent to the document alone, or stopped on its way. */
const on = (names: string, heard: (event: Event) => void) => {
  for (const name of names.split(' ')) addEventListener(name, heard, true);
};

const start = () => {
  known = state();
  measure();
  window.pv = pv;
  pv.on = true;
  view();
  for (const call of early?.q ?? []) pv(...(call as [string, PvParams?, PvMore?]));
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name];
    history[name] = function (...given) {
      original.apply(this, given);
      move();
    };
  }
  on('popstate', move);
  on('click submit', pressed);
  on(SAID, look);
  (window as { cookieStore?: EventTarget }).cookieStore?.addEventListener('change', look);
  on('visibilitychange pagehide', () => {
    measure();
    if (moved) view();
    look();
    flush(hidden() && chosen());
  });
  on('pageshow', (back) => {
    look();
    if (!(back as PageTransitionEvent).persisted) return;
    address = undefined;
    view();
  });
};

// Loaded twice, it counts once.
if (!early?.on) {
  if ((page as { prerendering?: boolean }).prerendering)
    page.addEventListener('prerenderingchange', start, { once: true });
  else start();
}
