import { describe, expect, it } from 'vitest';
import { findings, yaml } from './support.ts';

// A setting that names a custom parameter which no event has leaves a value empty without any sign of it, so the linter
// says it.

const HUBSPOT = (source: string, more = '') =>
  yaml({
    destinations: `{ hubspot: { access_token: "\${H}", custom_events: { generate_lead: { name: pe1_lead, properties: { form: ${source} } } }${more} } }`,
  });
const MATOMO = (param: string, more = '') =>
  yaml({
    destinations: `{ matomo: { host: stats.example.no, site_id: "3", currency: NOK, dimensions: { "1": ${param} }${more} } }`,
  });
const PIWIK_PRO = (param: string, more = '') =>
  yaml({
    destinations: `{ piwik_pro: { host: example.piwik.pro, app_id: 892d04bd-0000-4000-8000-000000000001, currency: NOK, dimensions: { "1": ${param} }${more} } }`,
  });
const FLOODLIGHT = (source: string, more = '') =>
  yaml({
    destinations: `{ floodlight: { credentials: "\${F}", floodlight_config_id: "8", activities: { purchase: { id: "9", count: transactions } }, variables: { U1: ${source} }${more} } }`,
  });
const HTTP = (path: string, more = '') =>
  yaml({
    destinations: `{ crm: { type: http, host: hook.example.com, path: /in, needs: [ad_storage], recipient: { name: A, country: NO, purpose: b }, events: [generate_lead], fields: [params, page_location, transaction_id], body: json, map: { form: "${path}" }${more} } }`,
  });
const RULE = (field: string, more = '') =>
  yaml({
    destinations: `{ meta: { pixel_id: "123456789012345", access_token: "\${T}", events: [{ event: generate_lead, when: { ${field}: kontakt } }]${more} } }`,
  });

/** What is said of the parameter, without what is said of other things. */
const said = (text: string) =>
  findings(text)
    .filter(({ code }) => code !== 'vendor' && code !== 'custom-params')
    .map(({ kind, instead }) => [kind, instead]);

describe('a parameter that never comes is an error', () => {
  it.each([
    // What GA4 has a field for is never among the custom parameters.
    ['hubspot: a field behind params', HUBSPOT('params.value'), 'value'],
    ['hubspot: a field that is no property', HUBSPOT('params.coupon'), undefined],
    ['matomo: a field', MATOMO('transaction_id'), undefined],
    ['piwik_pro: a field', PIWIK_PRO('page_title'), undefined],
    ['floodlight: a field', FLOODLIGHT('params.coupon'), 'coupon'],
    ['http: a field under its own name', HTTP('params.page_location'), undefined],
    // Names that say whose it is never pass.
    ['hubspot: a person', HUBSPOT('params.email_address'), undefined],
    ['matomo: a click', MATOMO('gclid'), undefined],
    // The list of the route has another.
    ['hubspot: not listed', HUBSPOT('params.form_idd', ', params: [form_id]'), 'params.form_id'],
    ['matomo: not listed', MATOMO('page_typ', ', params: [page_type]'), 'page_type'],
    ['piwik_pro: not listed', PIWIK_PRO('page_typ', ', params: [page_type]'), 'page_type'],
    ['floodlight: not listed', FLOODLIGHT('params.color', ', params: [colour]'), 'params.colour'],
    ['http: not listed', HTTP('params.form_idd', ', params: [form_id]'), 'params.form_id'],
    ['a rule: not listed', RULE('params.form_idd', ', params: [form_id]'), 'params.form_id'],
  ])('%s', (_, text, instead) => {
    expect(said(text)).toEqual([['error', instead]]);
  });
});

describe("a parameter that resembles one of GA4's is a warning", () => {
  it.each([
    ['hubspot', HUBSPOT('params.form_idd'), 'params.form_id'],
    ['matomo', MATOMO('itemListName'), 'item_list_name'],
    ['floodlight', FLOODLIGHT('params.payment_types'), 'params.payment_type'],
    ['http', HTTP('params.form_idd'), 'params.form_id'],
    ['a rule', RULE('params.formid'), 'params.form_id'],
    ['a list', MATOMO('page_type', ', params: [page_type, methods]'), 'method'],
  ])('%s', (_, text, instead) => {
    expect(said(text)).toEqual([['warning', instead]]);
  });

  it.each([
    ["GA4's own", HUBSPOT('params.form_id')],
    ['of the site', MATOMO('page_type')],
    ['short words', FLOODLIGHT('params.store')],
    ['listed', HTTP('params.store', ', params: [store]')],
    ['a rule about one that is listed', RULE('params.form_id', ', params: [form_id]')],
  ])('%s is none', (_, text) => {
    expect(said(text)).toEqual([]);
  });
});

describe('a text that is no source is refused with what was meant', () => {
  it.each([
    ['hubspot: a mistyped field', HUBSPOT('vlaue'), 'value'],
    ['hubspot: a parameter by its name alone', HUBSPOT('link_url'), 'params.link_url'],
    ['floodlight: a mistyped field', FLOODLIGHT('cupon'), 'coupon'],
    ['http: the name of a field', HTTP('page_location'), 'page.url'],
    ['http: a parameter by its name alone', HTTP('kampanje'), 'params.kampanje'],
    ['http: a mistyped path', HTTP('event.tiem'), 'event.time'],
    ['http: a mistyped pipe', HTTP('params.form_id | lowr | default:-'), 'params.form_id | lower | default:-'],
    ['http: a category for a signal', HTTP('params.form_id').replace('[ad_storage]', '[marketing]'), 'ad_storage'],
  ])('%s', (_, text, instead) => {
    expect(said(text)).toEqual([['error', instead]]);
  });

  it.each([
    ['user_data.email', 'email'],
    ['page.url', 'page_location'],
    ['transactionid', 'transaction_id'],
  ])('http: `%s` among the fields', (field, instead) => {
    const text = HTTP('params.form_id').replace('fields: [params', `fields: [${field}, params`);
    expect(said(text)).toEqual([['error', instead]]);
  });
});

describe("keys as the vendors' own tools call them", () => {
  const at = (type: string, keys: string) =>
    findings(yaml({ destinations: `{ ${type}: { ${keys} } }` })).filter(({ code }) => code === 'unknown-key');

  it.each([
    ['tiktok', 'pixel_code: D6AP4E3C77U3L7SP8O7G, token: "${T}"', ['pixel_id', 'access_token']],
    ['pinterest', 'ad_account: "549757463328", conversion_token: "${P}"', ['ad_account_id', 'access_token']],
    ['snapchat', 'pixel: 1ec32188-754e-4be2-8e55-c949a984a39f, api_token: "${S}"', ['pixel_id', 'access_token']],
    ['matomo', 'host: a.example.no, idsite: "3", token_auth: "${M}"', ['site_id', 'token']],
    ['piwik_pro', 'host: a.example.no, website_id: x', ['app_id']],
    ['floodlight', 'src: "8031234", u_variables: { U1: coupon }', ['floodlight_config_id', 'variables']],
  ])('%s', (type, keys, instead) => {
    expect(at(type, keys).map((one) => one.instead)).toEqual(instead);
  });

  it('HubSpot has no account to name', () => {
    expect(at('hubspot', 'portal_id: "1234567"').map(({ message }) => message)).toEqual([
      'unknown key `portal_id`: HubSpot knows the account by its token, and the custom events by their names: `pe<Hub ID>_...`',
    ]);
  });

  it('an address is a host and a path; what may be secret in it is not repeated', () => {
    const text = HTTP('params.form_id').replace(
      'host: hook.example.com, path: /in',
      'url: "https://hook.example.com/abcd1234"',
    );
    expect(findings(text).map(({ code, instead }) => [code, instead])).toEqual([
      [
        'unknown-key',
        '`host: hook.example.com`, and `path:` with the rest of the address from the first `/`; what is secret in it stands there as `${NAME}`',
      ],
    ]);
    expect(at('piwik_pro', 'url: "https://example.piwik.pro/"').map(({ instead }) => instead)).toEqual([
      '`host: example.piwik.pro`',
    ]);
  });
});

describe("names that resemble a vendor's standard events", () => {
  const TIKTOK = (more: string) =>
    yaml({ destinations: `{ tiktok: { pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${T}", ${more} } }` });

  it.each([
    ['tiktok', TIKTOK('event_names: { purchase: CompletePaymnt }'), 'CompletePayment'],
    ['tiktok, in other letters', TIKTOK('event_names: { sign_up: submitapplication }'), 'SubmitApplication'],
    ['a rule of tiktok', TIKTOK('events: [{ event: purchase, as: completepayment }]'), 'CompletePayment'],
    ['a rule of meta', RULE('params.form_id').replace('when:', 'as: Purchases, when:'), 'Purchase'],
  ])('%s: a warning', (_, text, instead) => {
    expect(said(text)).toEqual([['warning', instead]]);
  });

  it.each([
    ['a standard event', TIKTOK('event_names: { purchase: CompletePayment }')],
    ['one of two spellings', TIKTOK('event_names: { page_view: Pageview }')],
    ["the site's own", TIKTOK('event_names: { purchase: BoughtMugs }')],
    ['none', TIKTOK('event_names: { purchase: null }')],
  ])('%s: nothing', (_, text) => {
    expect(said(text)).toEqual([]);
  });
});
