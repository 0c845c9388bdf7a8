import { expect, it } from 'vitest';
import type { RouteCounters } from '../../src/delivery/telemetry.ts';
import { Counters } from '../../src/http/counters.ts';
import { createMetrics } from '../../src/platform/node/metrics.ts';

it('violations have a metric of their own, to alarm on, beside the outcome', async () => {
  const route: RouteCounters = {
    outcomes: {
      failed: { 'failed.egress_check': 3, 'failed.request': 2 },
      delivered: { 'delivered.accepted': 5 },
    },
    attempts: 10,
    retries: 0,
    followUps: {},
    reopened: 0,
    inFlight: 0,
    state: 'closed',
    detail: '',
  };
  const report = { routes: { 'shop/ga4': route }, queues: {}, bytes: 0, damaged: 0 };
  const made = createMetrics(new Counters(), () => Promise.resolve([report]));
  const text = await made.text();
  expect(text).toContain('portvakt_egress_violations_total{route="shop/ga4"} 3');
  expect(text).toContain('portvakt_outcomes_total{route="shop/ga4",outcome="failed",reason="failed.egress_check"} 3');
});
