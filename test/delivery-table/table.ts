import * as googleAds from '../vendors/google-ads.ts';
import * as hubspot from '../vendors/hubspot.ts';
import * as linkedin from '../vendors/linkedin.ts';
import * as matomo from '../vendors/matomo.ts';
import * as meta from '../vendors/meta.ts';
import * as microsoft from '../vendors/microsoft-ads.ts';
import * as pinterest from '../vendors/pinterest.ts';
import * as reddit from '../vendors/reddit.ts';
import * as snapchat from '../vendors/snapchat.ts';
import * as tiktok from '../vendors/tiktok.ts';
import * as piwikPro from '../vendors/piwik-pro.ts';
import type { FakeReply } from '../support/recorder.ts';
import type { Answer, Script } from './scripted.ts';

export type Vendor =
  | 'ga4'
  | 'google_ads'
  | 'floodlight'
  | 'meta'
  | 'hubspot'
  | 'linkedin'
  | 'matomo'
  | 'microsoft_ads'
  | 'pinterest'
  | 'reddit'
  | 'snapchat'
  | 'tiktok'
  | 'piwik_pro'
  | 'http';

/** What a vendor answers, and what must come of it. */
export interface Row {
  readonly vendor: Vendor;
  readonly answer: string;
  /** Section of the vendor's sheet, or R56 where it says nothing of its own. */
  readonly from: string;
  /** `api`: JSON events in full. `web`: a hit of the tag, relayed. `limited`: JSON events without consent. */
  readonly form: 'api' | 'web' | 'limited';
  /** How many events; 4 of them share a request, 50 come as two of 25. Forms other than `api` are one request each. */
  readonly events: 1 | 4 | 50;
  readonly script: Script;
  /** How the events end by themselves. What is missing waits. */
  readonly ends: { readonly delivered?: number; readonly dead?: number };
  /**
   * What is sent again: `nothing`; `all` of a request; the `rest` without what was refused by name; `parts` of a
   * request, which are halved until what is bad is alone; all of it each time that `pause` is over, if the test lasts so
   * long (`later`).
   */
  readonly resent: 'nothing' | 'all' | 'rest' | 'parts' | 'later';
  /** Why the route does not deliver: it waits for the vendor (`open`), or for a person (`stopped`). */
  readonly state?: 'open' | 'stopped';
  /** Least milliseconds before it is sent again. */
  readonly pause?: number;
}

const once =
  (answer: Answer): Script =>
  (n) =>
    n === 1 ? answer : undefined;
const always =
  (answer: Answer): Script =>
  () =>
    answer;

/** The bad event of a row. */
const BAD = /-e13$/;
const bad = (ids: readonly string[]) => ids.findIndex((id) => BAD.test(id));
/** Refuses every request with the bad event in it; the answer may say where it was. */
const poison =
  (answer: (index: number) => Answer): Script =>
  (_, ids) =>
    bad(ids) === -1 ? undefined : answer(bad(ids));

const json = (status: number, body: unknown, headers: Record<string, string> = {}): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const html = (status: number): FakeReply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Sorry</title><p>kari@example.no',
});

const REDIRECT: FakeReply = { status: 302, headers: { location: '/elsewhere' } };

type Rest = Pick<Row, 'ends' | 'resent'> & Partial<Pick<Row, 'state' | 'pause' | 'events' | 'form'>>;
const row = (vendor: Vendor, from: string, answer: string, script: Script, rest: Rest): Row => ({
  vendor,
  from,
  answer,
  script,
  form: 'api',
  events: 4,
  ...rest,
});

const delivered: Rest = { ends: { delivered: 4 }, resent: 'nothing' };
const again: Rest = { ends: { delivered: 4 }, resent: 'all' };
const refused: Rest = { ends: { dead: 4 }, resent: 'nothing' };
const stopped: Rest = { ends: {}, resent: 'nothing', state: 'stopped' };
/** A minute of the vendor's own. */
const inAMinute: Rest = { ends: {}, resent: 'later', state: 'open', pause: 60_000 };
const oneIn50 = (resent: Row['resent']): Rest => ({ events: 50, ends: { delivered: 49, dead: 1 }, resent });

/** What R56 asks of every vendor: network errors, 5xx and 429 come again, other answers do not. */
function everyone(vendor: Vendor): Row[] {
  const tell = (answer: string, script: Script, rest: Rest) => row(vendor, 'R56', answer, script, rest);
  return [
    tell('as it should', () => undefined, delivered),
    tell('500', once(json(500, {})), again),
    tell('429 with Retry-After: 1', once(json(429, {}, { 'retry-after': '1' })), { ...again, pause: 1000 }),
    tell(
      '429 with Retry-After as a date',
      // Written when asked for, two to three seconds ahead: dates have whole seconds.
      (n) => (n === 1 ? json(429, {}, { 'retry-after': new Date(Date.now() + 3000).toUTCString() }) : undefined),
      { ...again, pause: 1900 },
    ),
    tell('a reset connection', once('reset'), again),
    tell('an answer that is cut off', once('cut off'), again),
    tell('502 with a page of HTML', once(html(502)), again),
    tell('a redirect', always(REDIRECT), refused),
  ];
}

/** Forms that are a request of their own, and have no credentials that a person could correct. */
function single(vendor: Vendor, form: 'web' | 'limited', from: string, name: string): Row[] {
  const tell = (answer: string, script: Script, { ends, ...rest }: Rest) => {
    const one = { ...(ends.dead !== undefined && { dead: 1 }), ...(ends.delivered !== undefined && { delivered: 1 }) };
    return row(vendor, from, `${name}: ${answer}`, script, { ...rest, ends: one, events: 1, form });
  };
  return [
    tell('as it should', () => undefined, delivered),
    tell('500', once(json(500, {})), again),
    tell('429 with Retry-After: 1', once(json(429, {}, { 'retry-after': '1' })), { ...again, pause: 1000 }),
    tell('a reset connection', once('reset'), again),
    tell('503', once(json(503, {})), again),
    tell('400', always(json(400, {})), refused),
  ];
}

const HUGE = 'x'.repeat(5_000_000);

export const TABLE: readonly Row[] = [
  ...everyone('ga4'),
  // Google Analytics answers 2xx to everything that arrives (2.2): there is nothing to be learned from it.
  row('ga4', 'ga4.md 2.2', '200 with a page of HTML', always(html(200)), delivered),
  row('ga4', 'ga4.md 2.2', '200 with a huge body', always({ status: 200, body: HUGE }), delivered),
  row('ga4', 'ga4.md 2.2', '503', once(json(503, {})), again),
  row('ga4', 'R56', '400', always(json(400, {})), refused),
  row('ga4', 'R56', '401', always(json(401, {})), stopped),
  row('ga4', 'R56', '403', always(json(403, {})), stopped),

  ...single('ga4', 'web', 'ga4.md 3.1', 'web hit'),
  ...single('ga4', 'limited', 'ga4.md 5', 'web hit without consent'),

  ...everyone('google_ads').map((one) => ({ ...one, from: 'google-ads.md 2.7' })),
  row(
    'google_ads',
    'google-ads.md 2.5',
    '200 with field warnings',
    always(googleAds.replies.acceptedWithWarnings),
    delivered,
  ),
  row(
    'google_ads',
    'google-ads.md 2.7',
    '200 with an error in the body',
    once(json(200, { error: { code: 500, status: 'INTERNAL', details: [] } })),
    again,
  ),
  row('google_ads', 'google-ads.md 2.7', '200 with a page of HTML', once(html(200)), again),
  row(
    'google_ads',
    'google-ads.md 2.7',
    '200 with a huge body',
    always({ status: 200, body: `{"requestId":"${HUGE}` }),
    delivered,
  ),
  row(
    'google_ads',
    'google-ads.md 2.7',
    '400 that names the bad event',
    poison((i) =>
      googleAds.googleError(400, 'INVALID_ARGUMENT', [
        { field: `events[${i}].event_timestamp`, reason: 'EVENT_TIME_INVALID' },
      ]),
    ),
    oneIn50('rest'),
  ),
  row(
    'google_ads',
    'google-ads.md 2.7',
    '400 that names nothing',
    poison(() => googleAds.replies.invalidUnnamed),
    oneIn50('parts'),
  ),
  row('google_ads', 'google-ads.md 2.7', '400: terms not signed', always(googleAds.replies.termsNotSigned), stopped),
  row(
    'google_ads',
    'google-ads.md 2.7',
    '400: no such conversion action',
    always(googleAds.replies.wrongAction),
    stopped,
  ),
  row('google_ads', 'google-ads.md 2.7', '401 for an old token', once(googleAds.replies.unauthenticated), again),
  row('google_ads', 'google-ads.md 2.7', '401 for every token', always(googleAds.replies.unauthenticated), {
    ...stopped,
    resent: 'all',
  }),
  row('google_ads', 'google-ads.md 2.7', '403', always(googleAds.replies.permissionDenied), stopped),
  row('google_ads', 'google-ads.md 2.7', '404', always(googleAds.replies.notFound), stopped),
  row('google_ads', 'google-ads.md 2.6', '429: the day is used up', always(googleAds.replies.quotaPerDay), {
    ...stopped,
    state: 'open',
  }),
  row('google_ads', 'google-ads.md 2.7', '503', once(googleAds.replies.unavailable), { ...again, pause: 5000 }),

  // The same API, and one judge (floodlight.md 7): what its events are lies in the form.
  ...everyone('floodlight').map((one) => ({ ...one, from: 'floodlight.md 7' })),
  row(
    'floodlight',
    'floodlight.md 7',
    '400 that names the bad event',
    poison((i) =>
      googleAds.googleError(400, 'INVALID_ARGUMENT', [
        { field: `events[${i}].custom_variables[0].value`, reason: 'CUSTOM_VARIABLE_VALUE_CONTAINS_PII' },
      ]),
    ),
    oneIn50('rest'),
  ),
  row(
    'floodlight',
    'floodlight.md 2',
    '400: the accounts do not match',
    always(
      googleAds.googleError(400, 'INVALID_ARGUMENT', [
        { field: 'destinations[0].login_account', reason: 'OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH' },
      ]),
    ),
    stopped,
  ),
  row('floodlight', 'floodlight.md 7', '403', always(googleAds.replies.permissionDenied), stopped),
  row('floodlight', 'floodlight.md 7', '503', once(googleAds.replies.unavailable), { ...again, pause: 5000 }),

  ...single('google_ads', 'limited', 'google-ads.md 4', 'ping'),
  // It answers with an image, or with a redirect to one (4), which is not followed.
  row('google_ads', 'google-ads.md 4', 'ping: a redirect', always(REDIRECT), {
    ...delivered,
    ends: { delivered: 1 },
    events: 1,
    form: 'limited',
  }),
  row('google_ads', 'google-ads.md 4', 'ping: 403', always(json(403, {})), {
    ...refused,
    ends: { dead: 1 },
    events: 1,
    form: 'limited',
  }),

  ...everyone('meta').map((one) => ({ ...one, from: 'meta.md 9' })),
  row(
    'meta',
    'meta.md 9',
    '200 with warnings',
    always(json(200, { events_received: 4, messages: ['kari@example.no'], fbtrace_id: 'A' })),
    delivered,
  ),
  row(
    'meta',
    'meta.md 9',
    '200 with an error in the body',
    once(json(200, { error: { code: 1, message: 'kari@example.no' } })),
    again,
  ),
  row('meta', 'meta.md 9', '200 with a page of HTML', once(html(200)), again),
  row(
    'meta',
    'meta.md 9',
    '200 with a huge body',
    always({ status: 200, body: `{"events_received":4,"messages":["${HUGE}"]}` }),
    delivered,
  ),
  row('meta', 'meta.md 9', 'no answer at all', once('never'), again),
  row('meta', 'meta.md 9', '503, code 2', once(meta.replies.temporary), again),
  row('meta', 'meta.md 9', '400, transient', once(meta.replies.transient), again),
  row(
    'meta',
    'meta.md 9',
    '400, code 100: one of them is bad',
    poison(() => meta.replies.malformed),
    oneIn50('parts'),
  ),
  row('meta', 'meta.md 9', '400, code 4: rate limit', always(meta.replies.appRateLimit), inAMinute),
  row(
    'meta',
    'meta.md 9',
    '400, code 80004: rate limit of the account',
    always(meta.replies.adAccountRateLimit),
    inAMinute,
  ),
  row('meta', 'meta.md 9', '401, code 190: the token', always(meta.replies.token), stopped),
  row('meta', 'meta.md 9', '403, code 200: a permission', always(meta.replies.permissionRange), stopped),
  row('meta', 'meta.md 9', '400, code 100/33: the pixel', always(meta.replies.objectMissing), stopped),
  row('meta', 'meta.md 9', '400, code 2635: the version', always(meta.replies.deprecated), stopped),

  ...everyone('linkedin').map((one) => ({ ...one, from: 'linkedin.md 7' })),
  row('linkedin', 'linkedin.md 1', '201 without a body', always({ status: 201 }), delivered),
  row('linkedin', 'linkedin.md 7', '200 with a page of HTML', once(html(200)), again),
  row(
    'linkedin',
    'linkedin.md 7',
    '200 with a huge body',
    always({ status: 200, body: `{"elements":[{"status":201}],"more":"${HUGE}"}` }),
    delivered,
  ),
  row(
    'linkedin',
    'linkedin.md 1',
    '200 that hides a refused element',
    (_, ids) => json(200, { elements: ids.map((id) => ({ status: BAD.test(id) ? 400 : 201 })) }),
    oneIn50('nothing'),
  ),
  row(
    'linkedin',
    'linkedin.md 7',
    '422 that names the index',
    poison((i) => linkedin.indexReply(i)),
    oneIn50('rest'),
  ),
  row(
    'linkedin',
    'linkedin.md 7',
    '422 that names the batchIndex',
    poison((i) =>
      linkedin.errorReply(422, { errorDetails: { inputErrors: [{ batchIndex: i, description: 'kari@example.no' }] } }),
    ),
    oneIn50('rest'),
  ),
  row(
    'linkedin',
    'linkedin.md 7',
    '422 that names nothing',
    poison(() => linkedin.replies.invalid),
    oneIn50('parts'),
  ),
  row('linkedin', 'linkedin.md 7', '401, revoked', always(linkedin.replies.revoked), stopped),
  row('linkedin', 'linkedin.md 7', '403', always(linkedin.replies.forbidden), stopped),
  row('linkedin', 'linkedin.md 7', '404: no such rule', always(linkedin.replies.ruleMissing), {
    ends: { dead: 4 },
    resent: 'parts',
  }),
  row('linkedin', 'linkedin.md 7', '426: the version has ended', always(linkedin.replies.sunset), stopped),
  row('linkedin', 'linkedin.md 7', '503', once(json(503, {})), again),

  ...everyone('hubspot').map((one) => ({ ...one, from: 'hubspot.md 6' })),
  row('hubspot', 'hubspot.md 6', '204', always({ status: 204 }), delivered),
  row('hubspot', 'hubspot.md 6', '200 with a page of HTML', once(html(200)), again),
  row(
    'hubspot',
    'hubspot.md 6',
    '400: one of them is bad',
    poison(() => hubspot.replies.invalid),
    oneIn50('parts'),
  ),
  row('hubspot', 'hubspot.md 6', '401', always(hubspot.replies.unauthorized), stopped),
  row('hubspot', 'hubspot.md 6', '403', always(hubspot.replies.scopes), stopped),
  row('hubspot', 'hubspot.md 6', '404', always(hubspot.replies.noEvent), stopped),
  row('hubspot', 'hubspot.md 6', '429: the day is used up', always(hubspot.replies.daily), {
    ...stopped,
    state: 'open',
  }),
  row('hubspot', 'hubspot.md 6', '477', once(hubspot.replies.moving), { ...again, pause: 2000 }),

  ...everyone('piwik_pro').map((one) => ({ ...one, from: 'piwik-pro.md 5' })),
  row('piwik_pro', 'piwik-pro.md 5', '202', always({ status: 202 }), delivered),
  row('piwik_pro', 'piwik-pro.md 5', '200 with a page of HTML', once(piwikPro.replies.page), again),
  row(
    'piwik_pro',
    'piwik-pro.md 5',
    '400: one of them is bad',
    poison(() => piwikPro.replies.malformed),
    oneIn50('parts'),
  ),
  row('piwik_pro', 'piwik-pro.md 5', '413', (_, ids) => (ids.length > 1 ? piwikPro.replies.tooLarge : undefined), {
    ...delivered,
    resent: 'parts',
  }),
  row('piwik_pro', 'piwik-pro.md 5', '403', always(piwikPro.replies.forbidden), stopped),
  row('piwik_pro', 'piwik-pro.md 5', '404', always(piwikPro.replies.notThere), stopped),

  ...single('piwik_pro', 'limited', 'piwik-pro.md 4', 'without consent'),

  ...everyone('matomo').map((one) => ({ ...one, from: 'matomo.md 6' })),
  row('matomo', 'matomo.md 6', '204', always({ status: 204 }), delivered),
  row('matomo', 'matomo.md 6', '200 with a page of HTML', once(matomo.replies.maintenance), again),
  row('matomo', 'matomo.md 6', '503 with a page of HTML', once(matomo.replies.maintenance503), again),
  row(
    'matomo',
    'matomo.md 6',
    '200 that names the bad event',
    (_, ids) => (bad(ids) === -1 ? undefined : matomo.replies.invalid(bad(ids))(ids.length)),
    oneIn50('nothing'),
  ),
  row(
    'matomo',
    'matomo.md 6',
    '200 that names nothing',
    poison(() => matomo.replies.unnamed),
    oneIn50('parts'),
  ),
  row(
    'matomo',
    'matomo.md 6',
    '400: one of them is bad',
    poison(() => matomo.replies.malformed),
    oneIn50('parts'),
  ),
  row('matomo', 'matomo.md 6', '413', (_, ids) => (ids.length > 1 ? matomo.replies.tooLarge : undefined), {
    ...delivered,
    resent: 'parts',
  }),
  row('matomo', 'matomo.md 6', '401', always(matomo.replies.unauthorized), stopped),
  row('matomo', 'matomo.md 6', '403', always(matomo.replies.forbidden), stopped),
  row('matomo', 'matomo.md 6', '404', always(matomo.replies.wrongPath), stopped),

  ...single('matomo', 'limited', 'matomo.md 5', 'without consent'),

  ...everyone('microsoft_ads').map((one) => ({ ...one, from: 'microsoft.md A.5' })),
  row(
    'microsoft_ads',
    'microsoft.md A.5',
    '200 with a warning',
    always(json(200, { eventsReceived: 4, error: { code: 'ValidationError', details: [microsoft.refusal(1, true)] } })),
    delivered,
  ),
  row(
    'microsoft_ads',
    'microsoft.md A.5',
    '200 that hides a refused event',
    (_, ids) =>
      bad(ids) === -1
        ? undefined
        : json(200, {
            eventsReceived: ids.length - 1,
            error: { code: 'ValidationError', details: [microsoft.refusal(bad(ids))] },
          }),
    oneIn50('nothing'),
  ),
  row('microsoft_ads', 'microsoft.md A.5', '200 with a page of HTML', once(html(200)), again),
  row(
    'microsoft_ads',
    'microsoft.md A.5',
    '200 with a huge body',
    once({ status: 200, body: `{"eventsReceived":4,"more":"${HUGE}"}` }),
    { ...again, resent: 'parts' },
  ),
  row(
    'microsoft_ads',
    'microsoft.md A.5',
    '400 that names the bad event',
    poison((i) =>
      json(400, { error: { code: 'ValidationError', message: 'kari@example.no', details: [microsoft.refusal(i)] } }),
    ),
    oneIn50('rest'),
  ),
  row(
    'microsoft_ads',
    'microsoft.md A.5',
    '400 that names nothing',
    poison(() => microsoft.replies.validationUnnamed),
    oneIn50('parts'),
  ),
  row('microsoft_ads', 'microsoft.md A.5', '401', always(microsoft.replies.unauthorized), stopped),
  row('microsoft_ads', 'microsoft.md A.5', '403', always(microsoft.replies.forbidden), stopped),
  row('microsoft_ads', 'microsoft.md A.5', '404: no such tag', always(microsoft.replies.unknownTag), stopped),
  row('microsoft_ads', 'microsoft.md A.5', '503 with a page', once(microsoft.replies.unavailable), again),

  ...single('microsoft_ads', 'limited', 'microsoft.md B', 'pixel'),
  row('microsoft_ads', 'microsoft.md B', 'pixel: 200 with an image', always({ status: 200, body: 'GIF89a' }), {
    ...delivered,
    ends: { delivered: 1 },
    events: 1,
    form: 'limited',
  }),
  row('microsoft_ads', 'microsoft.md B', 'pixel: 403', always(json(403, {})), {
    ...refused,
    ends: { dead: 1 },
    events: 1,
    form: 'limited',
  }),

  ...everyone('pinterest').map((one) => ({ ...one, from: 'pinterest.md 9' })),
  row('pinterest', 'pinterest.md 9', '200 with a page of HTML', once(html(200)), again),
  row(
    'pinterest',
    'pinterest.md 9',
    '200 with a huge body',
    always({ status: 200, body: `{"num_events_received":4,"num_events_processed":4,"events":["${HUGE}"]}` }),
    delivered,
  ),
  row(
    'pinterest',
    'pinterest.md 9',
    '200 that hides a failed row',
    (_, ids) => json(200, pinterest.rows(ids.map((id) => BAD.test(id)))),
    oneIn50('nothing'),
  ),
  row(
    'pinterest',
    'pinterest.md 9',
    '422 that names the rows',
    (_, ids) =>
      bad(ids) === -1
        ? undefined
        : pinterest.errorReply(422, 4197, { details: pinterest.rows(ids.map((id) => BAD.test(id))) }),
    oneIn50('nothing'),
  ),
  row(
    'pinterest',
    'pinterest.md 9',
    '422 that names nothing',
    poison(() => pinterest.replies.partlyUnnamed),
    oneIn50('parts'),
  ),
  row(
    'pinterest',
    'pinterest.md 9',
    '400, code 4196: one of them is bad',
    poison(() => pinterest.replies.malformed),
    oneIn50('parts'),
  ),
  row('pinterest', 'pinterest.md 9', '401, code 2', always(pinterest.replies.unauthorized), stopped),
  row('pinterest', 'pinterest.md 9', '403, code 29', always(pinterest.replies.forbidden), stopped),
  row('pinterest', 'pinterest.md 9', '404: no such account', always(pinterest.replies.noAccount), stopped),
  row('pinterest', 'pinterest.md 9', '503, code 4197', once(pinterest.replies.rampedDown), again),

  ...everyone('reddit').map((one) => ({ ...one, from: 'reddit.md 9' })),
  row('reddit', 'reddit.md 9', '201 without a body', always({ status: 201 }), delivered),
  row('reddit', 'reddit.md 9', '200 with a page of HTML', once(html(200)), again),
  row(
    'reddit',
    'reddit.md 9',
    '200 with a huge body',
    always({ status: 200, body: `{"data":{"message":"${HUGE}` }),
    delivered,
  ),
  row(
    'reddit',
    'reddit.md 9',
    '400 that names the bad event',
    poison((i) => reddit.indexReply(i)),
    oneIn50('rest'),
  ),
  row(
    'reddit',
    'reddit.md 9',
    '400 that names nothing',
    poison(() => reddit.replies.invalid),
    oneIn50('parts'),
  ),
  row('reddit', 'reddit.md 9', '401', always(reddit.replies.unauthorized), stopped),
  row('reddit', 'reddit.md 9', '403', always(reddit.replies.forbidden), stopped),
  row('reddit', 'reddit.md 9', '404: no such pixel', always(reddit.replies.noPixel), stopped),
  row(
    'reddit',
    'reddit.md 9',
    '429 with X-RateLimit-Reset: 1',
    once(reddit.errorReply(429, [], { 'x-ratelimit-reset': '1' })),
    { ...again, pause: 1000 },
  ),
  row('reddit', 'reddit.md 9', '503', once(reddit.replies.unavailable), again),

  ...everyone('snapchat').map((one) => ({ ...one, from: 'snapchat.md 9' })),
  row('snapchat', 'snapchat.md 9', '200 without a body', always({ status: 200 }), delivered),
  row('snapchat', 'snapchat.md 9', '200 with a page of HTML', once(html(200)), again),
  row(
    'snapchat',
    'snapchat.md 9',
    '400: one of them is bad',
    poison(() => snapchat.replies.invalid),
    oneIn50('parts'),
  ),
  row('snapchat', 'snapchat.md 9', '401: the token', always(snapchat.replies.unauthorized), stopped),
  row('snapchat', 'snapchat.md 9', '403: the pixel', always(snapchat.replies.forbidden), stopped),
  row('snapchat', 'snapchat.md 9', '429 without Retry-After', once(snapchat.replies.throttled), again),
  row('snapchat', 'snapchat.md 9', '503', once(snapchat.replies.server), again),

  ...everyone('tiktok').map((one) => ({ ...one, from: 'tiktok.md 9' })),
  row('tiktok', 'tiktok.md 9', '20001: taken in part', always(tiktok.replies.partly), delivered),
  row('tiktok', 'tiktok.md 9', '200 with a page of HTML', once(html(200)), again),
  row('tiktok', 'tiktok.md 9', '200 without a code', once(json(200, { message: 'OK' })), again),
  row(
    'tiktok',
    'tiktok.md 9',
    '200 with a huge body',
    once({ status: 200, body: `{"code":0,"data":"${HUGE}"}` }),
    again,
  ),
  row(
    'tiktok',
    'tiktok.md 9',
    '40002 that names the bad event',
    poison((i) => tiktok.invalidAt(i)),
    oneIn50('rest'),
  ),
  row(
    'tiktok',
    'tiktok.md 9',
    '40002 that names nothing',
    poison(() => tiktok.replies.invalid),
    oneIn50('parts'),
  ),
  row('tiktok', 'tiktok.md 9', '40001: no permission for the pixel', always(tiktok.replies.permission), stopped),
  row('tiktok', 'tiktok.md 9', '40105: the token', always(tiktok.replies.badToken), stopped),
  row('tiktok', 'tiktok.md 9', '40102 with 401', always(tiktok.replies.unauthorized), stopped),
  row('tiktok', 'tiktok.md 9', '40100: too many requests', once(tiktok.replies.throttled), again),
  row('tiktok', 'tiktok.md 9', '40100 with 401', once(tiktok.replies.throttledAs401), again),
  row('tiktok', 'tiktok.md 9', '50000', once(tiktok.replies.system), again),
  row('tiktok', 'tiktok.md 9', 'a code nobody has read', once(tiktok.replies.unknown), again),

  ...everyone('http').map((one) => ({ ...one, from: 'http.md 3' })),
  // Other texts of the receiver are not read.
  row('http', 'http.md 3', '202 with a page of HTML', always(html(202)), delivered),
  row('http', 'http.md 3', '200 with a huge body', always({ status: 200, body: HUGE }), delivered),
  // A receiver that is being replaced answers so for a while.
  row('http', 'http.md 3', '404, for a while', once(json(404, {})), again),
  row('http', 'http.md 3', '422, for a while', once(json(422, {})), again),
  row('http', 'http.md 3', '401 from the receiver', always(json(401, {})), stopped),
  row('http', 'http.md 3', '403', always(json(403, {})), stopped),
  row('http', 'http.md 3', '410: the hook is gone', always(json(410, {})), stopped),
  row('http', 'http.md 3', '504', once(json(504, {})), again),
  row('http', 'http.md 7', '200 with an error in it, for a while', once(json(200, { error: [{ code: 1 }] })), again),
  row('http', 'http.md 7', '200 that cannot be read, for a while', once(html(200)), again),
];
