import { SharedArray } from 'k6/data';
import http from 'k6/http';

// The open model: hits arrive at a rate, whether or not the ones before were answered.
// RATE hits/s for SECONDS, or, with RAMP, rising evenly from RATE to RAMP.
// One copy for all virtual users: with one each, collecting their garbage would take the cores from what is measured.
const hits = new SharedArray('hits', () => JSON.parse(open(__ENV.BENCH_HITS)));
const rate = Number(__ENV.RATE);
const duration = `${__ENV.SECONDS}s`;
const shared = { preAllocatedVUs: Number(__ENV.VUS ?? 30), maxVUs: 400, startTime: '0s' };

export const options = {
  discardResponseBodies: true,
  noConnectionReuse: false,
  noCookiesReset: true,
  // None of the tags that tell requests apart: every address would have its own series of figures.
  systemTags: ['expected_response'],
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'max'],
  scenarios: {
    hits: __ENV.RAMP
      ? {
          ...shared,
          executor: 'ramping-arrival-rate',
          startRate: rate,
          timeUnit: '1s',
          stages: [{ target: Number(__ENV.RAMP), duration }],
        }
      : { ...shared, executor: 'constant-arrival-rate', rate, timeUnit: '1s', duration },
  },
};

let at = Math.floor(Math.random() * hits.length);

export default function () {
  at = (at + 1) % hits.length;
  const { method, path, headers, body } = hits[at];
  // An empty text would be sent in chunks, which no browser does.
  http.request(method, __ENV.BENCH_URL + path, body === '' ? null : body, { headers });
}

export function handleSummary({ metrics }) {
  const latency = metrics.http_req_duration.values;
  const dropped = metrics.dropped_iterations;
  return {
    [__ENV.BENCH_OUT]: JSON.stringify({
      requests: metrics.http_reqs.values.count,
      perSecond: metrics.http_reqs.values.rate,
      p50: latency.med,
      p90: latency['p(90)'],
      p99: latency['p(99)'],
      max: latency.max,
      failed: metrics.http_req_failed.values.passes,
      dropped: dropped === undefined ? 0 : dropped.values.count,
    }),
  };
}
