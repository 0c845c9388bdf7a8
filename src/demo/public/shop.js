/* The demo shop: a real banner, a real GA4 client, and a window on what the gateway sent on. */
const choiceText = document.getElementById('choice');
const ITEM = { pr1: 'idSKU-1~nmMug~caHome~pr299.5~qt2' };

function showChoice() {
  const accepted = ['analytics', 'marketing'].filter((category) => CookieConsent.acceptedCategory(category));
  choiceText.textContent =
    accepted.length === 0 ? 'You allowed nothing: nothing may leave.' : `You allowed: ${accepted.join(' and ')}.`;
}

CookieConsent.run({
  revision: 1,
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  onConsent: showChoice,
  onChange: () => {
    showChoice();
    track();
  },
  language: {
    default: 'en',
    translations: {
      en: {
        consentModal: {
          title: 'May we count, and may we advertise?',
          description: 'Choose freely. What you do not allow never leaves this shop: try it and look to the right.',
          acceptAllBtn: 'Accept all',
          acceptNecessaryBtn: 'Reject all',
          showPreferencesBtn: 'Choose',
        },
        preferencesModal: {
          title: 'Your choices',
          acceptAllBtn: 'Accept all',
          acceptNecessaryBtn: 'Reject all',
          savePreferencesBtn: 'Save',
          sections: [
            { title: 'Statistics', description: 'Counting visits.', linkedCategory: 'analytics' },
            { title: 'Marketing', description: 'Advertising on other sites.', linkedCategory: 'marketing' },
          ],
        },
      },
    },
  },
});

const purchase = () => ({
  type: 'purchase',
  event: { 'ep.transaction_id': `ORD-${Date.now()}`, 'ep.currency': 'NOK', 'epn.value': '599', ...ITEM },
});
const clicks = {
  view: () => ({ type: 'view_item', event: { 'ep.currency': 'NOK', 'epn.value': '299.5', ...ITEM } }),
  add: () => ({ type: 'add_to_cart', event: { 'ep.currency': 'NOK', 'epn.value': '299.5', ...ITEM } }),
  buy: purchase,
  lead: () => ({ type: 'generate_lead', event: { 'ep.currency': 'NOK', 'epn.value': '100' } }),
};
for (const [id, event] of Object.entries(clicks)) {
  document.getElementById(id).addEventListener('click', () => track(event()));
}
document.getElementById('choose').addEventListener('click', () => CookieConsent.showPreferences());

const cards = new Map();
function card(route) {
  let found = cards.get(route);
  if (found === undefined) {
    found = document.createElement('div');
    found.className = 'route';
    found.dataset.route = route;
    const name = document.createElement('h3');
    name.textContent = route;
    const words = document.createElement('p');
    const bytes = document.createElement('pre');
    found.append(name, words, bytes);
    document.getElementById('routes').append(found);
    cards.set(route, found);
  }
  return found;
}

function log(text) {
  const line = document.createElement('li');
  line.textContent = text;
  const list = document.getElementById('log');
  list.prepend(line);
  while (list.childElementCount > 50) list.lastElementChild.remove();
}

const stream = new EventSource('/demo/stream');
stream.addEventListener('decision', ({ data }) => {
  const { event, routes } = JSON.parse(data);
  for (const { route, words, sends } of routes) {
    const shown = card(route);
    shown.classList.toggle('sent', sends);
    shown.querySelector('p').textContent = `${event}: ${words}`;
    if (!sends) shown.querySelector('pre').textContent = 'nothing';
    log(`${event} -> ${route}: ${words}`);
  }
});
stream.addEventListener('received', ({ data }) => {
  const { route, request } = JSON.parse(data);
  card(route).querySelector('pre').textContent = request;
});
// The first page view waits until the window is open, so that it is seen.
stream.addEventListener('open', () => track(), { once: true });
