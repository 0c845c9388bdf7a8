/* The demo shop: a real banner, one client or the other, and a view of what the gateway sent. */
const byId = (id) => document.getElementById(id);
/** The gateway's own tag is in the page, and not the GA4 client. */
const tag = window.minimalAnalytics === undefined;

/* --- The banner ------------------------------------------------------------------------------------------------ */

const dark = matchMedia('(prefers-color-scheme: dark)');
const paintBanner = () => document.documentElement.classList.toggle('cc--darkmode', dark.matches);
dark.addEventListener('change', paintBanner);
paintBanner();

// The GA4 client also reports every press of a button; these events would hide the ones to be shown here.
document.documentElement.addEventListener('click', (event) => event.stopPropagation());

function showChoice() {
  const accepted = ['analytics', 'marketing'].filter((category) => CookieConsent.acceptedCategory(category));
  const names = accepted.map((category) => (category === 'analytics' ? 'statistics' : category));
  byId('choice').textContent =
    names.length === 0
      ? 'You allow nothing. The shop still works, and no vendor gets anything that identifies you.'
      : `You allow ${names.join(' and ')}. Take it back at any time under "Privacy choices".`;
}

function takeBack() {
  if (document.activeElement === document.body) byId('choose').focus({ preventScroll: true });
}

CookieConsent.run({
  revision: 1,
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  onConsent: showChoice,
  // The banner has the keyboard focus; when it closes, the focus goes to the button that changes the choice.
  onModalHide: () => requestAnimationFrame(takeBack),
  // The tag notices a new or changed choice by itself; the GA4 client has to be told.
  onFirstConsent: () => tag || send(),
  onChange: () => {
    showChoice();
    if (!tag) send();
  },
  language: {
    default: 'en',
    translations: {
      en: {
        consentModal: {
          title: 'May we count, and may we advertise?',
          description: 'Choose freely. What you do not allow never leaves this shop: try it and see.',
          acceptAllBtn: 'Accept all',
          acceptNecessaryBtn: 'Reject all',
          showPreferencesBtn: 'Choose',
        },
        preferencesModal: {
          title: 'Privacy choices',
          acceptAllBtn: 'Accept all',
          acceptNecessaryBtn: 'Reject all',
          savePreferencesBtn: 'Save',
          closeIconLabel: 'Close',
          sections: [
            {
              title: 'Statistics',
              description: 'We count visits and sales, with Google Analytics.',
              linkedCategory: 'analytics',
            },
            {
              title: 'Marketing',
              description: 'Google, Meta, LinkedIn and Microsoft learn which of their ads led to a sale.',
              linkedCategory: 'marketing',
            },
          ],
        },
      },
    },
  },
});

/* --- The client -------------------------------------------------------------------------------------------- */

byId('with').textContent = tag
  ? "the gateway's own tag, which waits for your choice"
  : 'one that speaks to Google Analytics as its own tag does';
if (tag) {
  byId('status').textContent = 'The tag waits for your choice. Until then it sends nothing, not even to this shop.';
  byId('ad').pathname = '/tag';
  byId('client').href = '/';
  byId('client').textContent = 'With a GA4 client';
}

const CLIENT_KEYS = ['clientId', 'sessionId', 'sessionCount'];

function send(event) {
  track(event);
  // This client makes an id whatever the visitor has chosen, so the shop removes the id without consent.
  if (!CookieConsent.acceptedCategory('analytics')) {
    for (const key of CLIENT_KEYS) {
      localStorage.removeItem(key);
      sessionStorage.removeItem(key);
    }
  }
}

const clicks = {
  view: ['view_item', () => ({ value: 299.5, quantity: 1 })],
  add: ['add_to_cart', () => ({ value: 299.5, quantity: 1 })],
  buy: ['purchase', () => ({ value: 599, quantity: 2, transaction_id: `ORD-${Date.now()}` })],
  lead: ['generate_lead', () => ({ value: 100 })],
};
for (const [id, [name, say]] of Object.entries(clicks)) {
  byId(id).addEventListener('click', () => {
    if (tag) pv(name, forTag(say()));
    else send({ type: name, event: forClient(say()) });
  });
}

/** As the tag takes it. */
function forTag({ value, quantity, transaction_id }) {
  const items = quantity && [{ item_id: 'SKU-1', item_name: 'Mug', item_category: 'Home', price: 299.5, quantity }];
  return { currency: 'NOK', value, transaction_id, items };
}

/** As the GA4 client writes it into its hits. */
function forClient({ value, quantity, transaction_id }) {
  return {
    ...(transaction_id && { 'ep.transaction_id': transaction_id }),
    'ep.currency': 'NOK',
    'epn.value': String(value),
    ...(quantity && { pr1: `idSKU-1~nmMug~caHome~pr299.5~qt${quantity}` }),
  };
}

byId('choose').addEventListener('click', () => CookieConsent.showPreferences());
byId('restart').addEventListener('click', () => {
  CookieConsent.reset(true);
  location.assign(location.pathname);
});

/* --- What the browser keeps ------------------------------------------------------------------------------------ */

let shown;

async function showStored() {
  const cookies = await (await fetch('/demo/cookies')).json();
  const kept = cookies.map(({ name, value, owner }) => [name, `cookie, ${owner}`, value]);
  const clientId = localStorage.getItem('clientId');
  if (clientId !== null) {
    kept.push(['clientId', 'local storage, the GA4 client; it leaves only as a hash that changes every week', clientId]);
  }
  // What stays as it was is not made anew, so that it can be selected and copied.
  if (shown === JSON.stringify(kept)) return;
  shown = JSON.stringify(kept);
  byId('stored').replaceChildren(
    ...(kept.length === 0
      ? [element('li', 'Nothing.')]
      : kept.map(([name, what, value]) => {
          const row = element('li');
          row.append(element('code', name), ` ${what}`, element('code', value, 'value'));
          return row;
        })),
  );
}

/* --- What the vendors received --------------------------------------------------------------------------------- */

function element(tag, text = '', className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

const cards = new Map();

function addCard({ name, title }) {
  const card = element('section', '', 'route');
  card.dataset.route = name;
  card.id = `route-${name}`;
  const heading = element('h3', title);
  const words = element('p', 'No event yet.', 'words');
  const request = element('pre', 'nothing', 'request');
  // Long requests scroll, so the keyboard must be able to get there.
  request.tabIndex = 0;
  request.setAttribute('aria-label', `Request to ${title}`);
  card.append(heading, words, request);
  byId('routes').append(card);
  cards.set(name, { title, card, words, request });
}

function log(text, detail) {
  const line = element('li');
  const time = new Date().toLocaleTimeString('en-GB');
  if (detail === undefined) {
    line.textContent = `${time} ${text}`;
  } else {
    const more = element('details');
    more.append(element('summary', `${time} ${text}`), element('pre', detail));
    line.append(more);
  }
  const list = byId('log');
  list.prepend(line);
  while (list.childElementCount > 60) list.lastElementChild.remove();
}

function showDecision({ event, allowed, routes, deleted }) {
  for (const { route, sends, words } of routes) {
    const { card, words: said, request } = cards.get(route);
    card.classList.toggle('sent', sends);
    said.textContent = sends ? `${event} - ${words}` : `${event} - nothing: ${words}`;
    request.textContent = sends ? 'on its way ...' : 'nothing';
  }
  const recipients = routes.filter(({ sends }) => sends).map(({ route }) => cards.get(route).title);
  const who = recipients.length === 0 ? 'no vendor receives anything' : `${recipients.join(', ')} and nobody else`;
  const gone = deleted.length === 0 ? '' : ` Consent withdrawn: the gateway deleted ${deleted.join(', ')}.`;
  const sentence = `${event} (allowed: ${allowed}): ${who}.${gone}`;
  byId('status').textContent = sentence;
  byId('brief').replaceChildren(...routes.map(brief));
  log(sentence);
}

/** One vendor's part of the answer beside the buttons, with the way to the request itself. */
function brief({ route, sends, words }) {
  const line = element('li');
  const link = element('a', cards.get(route).title);
  link.href = `#route-${route}`;
  line.append(link, ': ', element('span', sends ? words : `nothing: ${words}`, sends ? 'sent' : 'none'));
  return line;
}

function showReceived({ route, request: bytes }) {
  const { title, request } = cards.get(route);
  request.textContent = bytes;
  log(`${title} received`, bytes);
}

for (const route of await (await fetch('/demo/routes')).json()) addCard(route);
await showStored();
// Any answer may set or delete cookies, and the page cannot see those that only the gateway reads.
setInterval(() => {
  if (!document.hidden) showStored().catch(() => undefined);
}, 500);
const stream = new EventSource('/demo/stream');
stream.addEventListener('decision', ({ data }) => showDecision(JSON.parse(data)));
stream.addEventListener('received', ({ data }) => showReceived(JSON.parse(data)));
stream.addEventListener('error', () => {
  byId('status').textContent = 'The gateway does not answer. Is it still running?';
});
// The first page view waits until the view of the vendors is open, so that it is shown.
stream.addEventListener('open', () => (tag ? pv('page_view') : send()), { once: true });
