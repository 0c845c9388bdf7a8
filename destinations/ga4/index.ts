import * as z from 'zod';
import { defineDestination } from '../../src/core/destination.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';
import { reason } from '../../src/core/reason.ts';
import { EGRESS } from './egress.ts';
import { LIMITED_READS, READS } from './reads.ts';
import { EXAMPLES } from './examples.ts';
import { measurementBatch, measurementRequest, planMeasurement } from './measurement.ts';
import { probeMeasurement } from './probe.ts';
import { planLimitedWeb, planWeb, WEB, webRequest } from './web.ts';
import { SERVICES } from './services.ts';

const NO_SECRET = reason('skip.not_configured', { key: 'api_secret' });

const HOSTS = { eu: 'region1.google-analytics.com', global: 'www.google-analytics.com' } as const;

const settings = z.strictObject({
  measurement_id: idText(
    /^G-[A-Z0-9]{4,20}$/,
    'a measurement id such as G-XXXXXXXXXX (GA4: Admin, Data streams, the stream of the site)',
  ).meta({
    description:
      'Measurement id of the web data stream (GA4: Admin, Data streams). Web hits with this `tid` go to this route.',
  }),
  api_secret: secret()
    .describe(
      'Measurement Protocol API secret of the stream (GA4: Admin, Data streams, Measurement Protocol API secrets). Needed for JSON events; web hits go without.',
    )
    .optional(),
  region: z.enum(['eu', 'global']).default('global').meta({
    description:
      '`eu`: Google collects at region1.google-analytics.com, in the EU. `global`: at www.google-analytics.com.',
  }),
});

const HOUR = 3_600_000;

/** The protocol whose hits go on as they are: as a tag's. All others go over the Measurement Protocol. */
const WEB_HITS = 'ga4-collect';

export default defineDestination({
  name: 'ga4',
  title: 'Google Analytics 4',
  aliases: ['google', 'analytics', 'googleanalytics', 'googleanalytics4', 'ga', 'gtag'],
  docs: 'https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference',
  needs: ['analytics_storage'],
  vendor: 'Google',
  services: SERVICES,
  tcfVendor: 755,
  hosts: ({ region }) => [HOSTS[region]],
  egress: ({ region }) => EGRESS[region],
  settings,
  reads: READS,
  // The protocol of events asks for it, and a web hit without it would be nobody's (`destinations/ga4.md` 2.3, 3.3).
  requires: [{ fields: ['client_id'] }],
  skips: (_, { api_secret }, { source }) => (source === WEB_HITS || api_secret !== undefined ? undefined : NO_SECRET),
  plan: (view, { measurement_id }, context) =>
    context.source === WEB_HITS ? planWeb(view, measurement_id, context) : planMeasurement(view, context),
  limited: {
    reads: LIMITED_READS,
    sources: [WEB_HITS],
    plan: (view, { measurement_id }, context) => planLimitedWeb(view, measurement_id, context),
  },
  maxBatch: (envelope) => (envelope === WEB ? 1 : measurementBatch(envelope)),
  maxAge: 72 * HOUR,
  takesRepeats: true,
  dedupesByEventId: false,
  stream: ({ measurement_id }) => measurement_id,
  request(envelope, elements, { measurement_id, api_secret, region }) {
    const host = HOSTS[region];
    if (envelope === WEB) return webRequest(host, elements[0] ?? '');
    // Stored while there was one: without it Google would answer 204 and drop the events.
    if (api_secret === undefined) throw new Error('api_secret was taken out of the configuration');
    return measurementRequest(host, measurement_id, api_secret, envelope, elements);
  },
  probe: ({ measurement_id, region }) => probeMeasurement(HOSTS[region], measurement_id),
  examples: EXAMPLES,
});
