/** How a site describes banners that are packages (docs/custom-banners.md), and what they wrote step by step. */

/** `consent.custom` by the name of the banner, as YAML. */
export const CUSTOM: Readonly<Record<string, string>> = {
  'react-cookie-consent': `react-cookie-consent: { cookie: CookieConsent, value: [statistics, marketing] }`,
  c15t: `c15t:
  cookie: c15t
  granted: ["1"]
  refused: ["0"]
  absent: refused
  flags: { c.functionality: preferences, c.measurement: statistics, c.marketing: marketing }
  time: { at: i.t, unit: ms }`,
  'segment-consent-manager': `segment-consent-manager:
  cookie: tracking-preferences
  encoding: json
  flags: { custom.marketingAndAnalytics: statistics, custom.advertising: marketing, custom.functional: preferences }
  services: { at: destinations }`,
  'own-orejime': `own-orejime:
  cookie: eu-consent
  encoding: json
  flags: { analytics: statistics, marketing: marketing }`,
  'nuxt-cookie-control': `nuxt-cookie-control:
  cookie: ncc_e
  encoding: uri
  between: "~"
  list: { names: { analytics: statistics, marketing: marketing } }`,
  'hmcts-cookie-manager': `hmcts-cookie-manager:
  cookie: cookie-preferences
  encoding: json
  granted: ["on"]
  refused: ["off"]
  flags: { analytics: statistics, marketing: marketing }`,
  'react-cookie-manager': `react-cookie-manager:
  cookie: cookie-consent
  encoding: json
  flags: { Analytics.consented: statistics, Advertising.consented: marketing, Social.consented: marketing }
  time: { at: Analytics.timestamp, unit: iso }`,
};

type Step = readonly [step: string, want: '--' | 'S-' | '-M' | 'SM', cookie: string];

const C15T = 'i.t:1795305600000,i.sid:sub_111DBETbveNWPg4kHQWSNuDqqq,i.mpf:530a2fff503ff19aa2e968a39e567ff6';
const tracking = (google: boolean, facebook: boolean, analytics: boolean, advertising: boolean) =>
  `tracking-preferences={%22version%22:1%2C%22destinations%22:{%22Google%20Analytics%22:${google}%2C%22Facebook%20Pixel%22:${facebook}}%2C%22custom%22:{%22functional%22:${analytics}%2C%22marketingAndAnalytics%22:${analytics}%2C%22advertising%22:${advertising}}}`;
const managed = (analytics: boolean, social: boolean, advertising: boolean) => {
  const at = '"timestamp":"2026-11-20T11:46:50.878Z"';
  return `cookie-consent={"Analytics":{"consented":${analytics},${at}},"Social":{"consented":${social},${at}},"Advertising":{"consented":${advertising},${at}}}`;
};

export const BANNER_ROWS: Readonly<Record<string, { readonly steps: readonly [Step, ...Step[]] }>> = {
  'react-cookie-consent': {
    steps: [
      ['reject', '--', 'CookieConsent=false'],
      ['accept', 'SM', 'CookieConsent=true'],
    ],
  },
  c15t: {
    steps: [
      ['reject', '--', `c15t=c.necessary:1,${C15T}`],
      ['partly', 'S-', `c15t=c.necessary:1,c.measurement:1,${C15T}`],
      ['accept', 'SM', `c15t=c.necessary:1,c.measurement:1,c.marketing:1,${C15T}`],
    ],
  },
  'segment-consent-manager': {
    steps: [
      ['reject', '--', tracking(false, false, false, false)],
      ['partly', 'S-', tracking(true, false, true, false)],
      ['accept', 'SM', tracking(true, true, true, true)],
    ],
  },
  'own-orejime': {
    steps: [
      ['reject', '--', 'eu-consent={%22analytics%22:false%2C%22marketing%22:false}'],
      ['partly', 'S-', 'eu-consent={%22analytics%22:true%2C%22marketing%22:false}'],
      ['accept', 'SM', 'eu-consent={%22analytics%22:true%2C%22marketing%22:true}'],
    ],
  },
  'nuxt-cookie-control': {
    steps: [
      ['reject', '--', 'ncc_e=necessary'],
      ['partly', 'S-', 'ncc_e=necessary~analytics'],
      ['accept', 'SM', 'ncc_e=necessary~analytics~marketing'],
    ],
  },
  'hmcts-cookie-manager': {
    steps: [
      ['reject', '--', 'cookie-preferences={"analytics":"off","marketing":"off"}'],
      ['partly', 'S-', 'cookie-preferences={"analytics":"on","marketing":"off"}'],
      ['accept', 'SM', 'cookie-preferences={"analytics":"on","marketing":"on"}'],
    ],
  },
  'react-cookie-manager': {
    steps: [
      ['reject', '--', managed(false, false, false)],
      ['partly', 'S-', managed(true, false, false)],
      ['accept', 'SM', managed(true, true, true)],
    ],
  },
};
