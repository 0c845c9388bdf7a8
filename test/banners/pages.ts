import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { NUXT_BANNER, nuxtPages } from './nuxt-page.ts';

/** Pages with real banners. Each has `choose`, which does what a visitor does there. */

const HERE = import.meta.dirname;

/** Why the banners cannot be run here; undefined when they can. On CI they run, and fail if they are not installed. */
export const noBanners: string | undefined =
  existsSync(join(HERE, 'node_modules')) || process.env['CI'] === 'true'
    ? undefined
    : 'npm ci --prefix test/banners --ignore-scripts';

const REACT = `import { createElement as h } from 'react'; import { createRoot } from 'react-dom/client';
const root = createRoot(document.getElementById('banner'));`;

/** Scripts by the name of the banner. `choose(step)`: reject, partly, accept. */
const ENTRIES: Readonly<Record<string, string>> = {
  // Its two buttons; who has chosen is asked again after the cookie was reset, as its manual says.
  'react-cookie-consent': `${REACT}
import { CookieConsent, resetCookieConsentValue } from 'react-cookie-consent';
let round = 0;
const show = () => root.render(h(CookieConsent, { key: round++, enableDeclineButton: true, buttonText: 'Yes', declineButtonText: 'No' }, 'Cookies?'));
show();
window.choose = async (step) => {
  resetCookieConsentValue();
  show();
  const label = step === 'accept' ? 'Yes' : 'No';
  for (;;) {
    const button = [...document.querySelectorAll('button')].find((one) => one.textContent === label);
    if (button) return button.click();
    await new Promise((done) => setTimeout(done, 20));
  }
};`,
  'react-cookie-manager': `${REACT}
import { CookieManager, useCookieConsent } from 'react-cookie-manager';
const Inside = () => {
  const consent = useCookieConsent();
  window.choose = (step) => {
    if (step === 'accept') consent.acceptCookies();
    else if (step === 'reject') consent.declineCookies();
    else consent.updateDetailedConsent({ Analytics: true, Social: false, Advertising: false });
  };
  return null;
};
root.render(h(CookieManager, { disableAutomaticBlocking: true }, h(Inside)));`,
  // The preferences form of its manual.
  'hmcts-cookie-manager': `import cookieManager from '@hmcts/cookie-manager';
document.getElementById('banner').innerHTML = '<form class="cookie-preferences-form">' + ['analytics', 'marketing'].map((name) =>
  '<div class="cookie-preference">' + ['on', 'off'].map((value) => '<input type="radio" name="' + name + '" value="' + value + '">').join('') + '</div>').join('') + '<button>Save</button></form>';
cookieManager.init({
  userPreferences: { cookieName: 'cookie-preferences', cookieSecure: false },
  preferencesForm: { class: 'cookie-preferences-form' },
  cookieManifest: [
    { categoryName: 'essential', optional: false, cookies: ['cookie-preferences'] },
    { categoryName: 'analytics', cookies: ['none-analytics'] },
    { categoryName: 'marketing', cookies: ['none-marketing'] },
  ],
  additionalOptions: { disableCookieBanner: true, deleteUndefinedCookies: false },
});
window.choose = (step) => {
  const on = { analytics: step !== 'reject', marketing: step === 'accept' };
  for (const name of ['analytics', 'marketing']) document.querySelector('[name=' + name + '][value=' + (on[name] ? 'on' : 'off') + ']').click();
  document.querySelector('form button').click();
};`,
  c15t: `import { getOrCreateConsentRuntime } from 'c15t';
const { consentStore } = getOrCreateConsentRuntime({ mode: 'offline', reloadOnConsentRevoked: false, consentCategories: ['necessary', 'measurement', 'marketing'] });
window.choose = async (step) => {
  const state = consentStore.getState();
  if (step !== 'partly') return state.saveConsents(step === 'accept' ? 'all' : 'necessary');
  state.setSelectedConsent('measurement', true);
  state.setSelectedConsent('marketing', false);
  return consentStore.getState().saveConsents('custom');
};`,
};

/** What needs no bundling, with the script it comes as. */
const SCRIPTS: Readonly<Record<string, { readonly file: string; readonly before: string; readonly after: string }>> = {
  'own-orejime': {
    file: 'orejime/dist/orejime-standard-en.js',
    before: `window.orejimeConfig = { privacyPolicyUrl: '/privacy', purposes: [
  { id: 'analytics', title: 'Statistics', cookies: [] }, { id: 'marketing', title: 'Marketing', cookies: [] }] };`,
    after: `window.choose = (step) => {
  const { manager } = window.orejime;
  if (step === 'accept') manager.acceptAll();
  else manager.declineAll();
  if (step === 'partly') manager.setConsent('analytics', true);
};`,
  },
  'segment-consent-manager': {
    file: '@segment/consent-manager/standalone/consent-manager.js',
    before: `window.analytics = { load() {}, page() {}, track() {}, identify() {}, addSourceMiddleware() {}, on() {} };
window.consentManagerConfig = () => ({ container: '#banner', writeKey: 'SHOP', shouldRequireConsent: true,
  cdnHost: location.host, bannerContent: 'Cookies?', preferencesDialogTitle: 'Cookies', preferencesDialogContent: 'Choose.',
  cancelDialogTitle: 'Sure?', cancelDialogContent: 'Nothing is saved.' });`,
    after: `window.choose = (step) => window.consentManager.preferences.savePreferences({
  destinationPreferences: { 'Google Analytics': step !== 'reject', 'Facebook Pixel': step === 'accept' },
  customPreferences: { functional: step === 'accept', marketingAndAnalytics: step !== 'reject', advertising: step === 'accept' },
});`,
  },
};

export const BANNERS: readonly string[] = [...Object.keys(ENTRIES), ...Object.keys(SCRIPTS), NUXT_BANNER];

/** Every page by its path, and what it loads. */
export async function bannerPages(): Promise<Record<string, string>> {
  const pages = await nuxtPages();
  for (const [name, entry] of Object.entries(ENTRIES)) {
    pages[`/${name}.js`] = await bundled(name, entry);
    pages[`/${name}`] = pageOf(`<script src="/${name}.js"></script>`);
  }
  for (const [name, { file, before, after }] of Object.entries(SCRIPTS)) {
    pages[`/${name}.js`] = readFileSync(join(HERE, 'node_modules', file), 'utf8');
    pages[`/${name}`] = pageOf(
      `<script>${before}</script><script src="/${name}.js"></script><script>${after}</script>`,
    );
  }
  return pages;
}

function pageOf(scripts: string): string {
  return `<!doctype html><html lang="en"><head><title>Shop</title></head><body><h1>Shop</h1><div id="banner"></div>
<script>window.process = { env: { NODE_ENV: 'production' } };</script>${scripts}</body></html>`;
}

/** The script with all that it imports, in one text that a page can load. */
async function bundled(name: string, entry: string): Promise<string> {
  const id = join(HERE, `${name}.js`);
  const bundle = await rolldown({
    input: id,
    platform: 'browser',
    plugins: [
      {
        name: 'entry',
        resolveId: (source) => (source === id ? id : null),
        load: (file) => (file === id ? entry : null),
      },
    ],
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({ format: 'iife', codeSplitting: false });
  await bundle.close();
  return output[0].code;
}
