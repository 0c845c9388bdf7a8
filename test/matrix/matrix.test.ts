import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCases } from '../conformance/runner.ts';
import { metricsOf } from '../support/metrics.ts';
import { startRecorder } from '../support/recorder.ts';
import { serve } from '../support/serve.ts';
import { VENDORS as FAKES, violations } from '../support/vendors.ts';
import { EVENTS, matrixCases, readMatrix } from './cases.ts';
import { cell, SIGNALS, STATES, VENDORS, words } from './derive.ts';

const matrix = readMatrix();
const code = (granted: readonly string[]) =>
  SIGNALS.map((signal, i) => (granted.includes(signal) ? 'ANUP'.charAt(i) : '.')).join('');

describe('the table says what the rules say', () => {
  it('has all 16 states, each with the words it has on the wire', () => {
    const expected = STATES.map((granted) => [code(granted), { granted, ...words(granted) }]);
    expect(matrix.states).toEqual(Object.fromEntries(expected));
  });

  it.each(['block', 'limited'] as const)('%s: both sources, every state, every vendor', (config) => {
    for (const source of ['web', 'json'] as const) {
      const rows = matrix.tables.find((table) => table.config === config && table.source === source)?.rows;
      const derived = STATES.map((granted) => [
        code(granted),
        Object.fromEntries(VENDORS.map((vendor) => [vendor, cell(vendor, granted, source, config)])),
      ]);
      expect(rows).toEqual(Object.fromEntries(derived));
    }
  });
});

const cases = matrixCases(matrix);

it('is 16 states x 3 events x 2 sources for each configuration', () => {
  expect(cases).toHaveLength(2 * 2 * 16 * EVENTS.length);
});

describe.each(['block', 'limited'])('the gateway does what the table says: %s', (config) => {
  it('every cell, exactly', async () => {
    const recorder = await startRecorder(FAKES);
    const file = join(import.meta.dirname, `../conformance/configs/${config}.yaml`);
    const gateway = await serve({ config: readFileSync(file, 'utf8'), sink: recorder.url });
    violations();
    try {
      const own = cases.filter((one) => one.config === config);
      const results = await runCases(own, { url: gateway.url, recorder });
      const failed = results
        .filter(({ problems }) => problems.length > 0)
        .map(({ id, problems }) => ({ id, problems }));
      expect(failed).toEqual([]);
      expect(results).toHaveLength(own.length);
      expect(violations()).toEqual([]);
      // All routes have had all events, and none of them is left over (design 2).
      const metrics = await metricsOf(gateway.adminUrl);
      expect(metrics.sum('portvakt_events_total')).toBe(own.length);
      // What Google has taken ends half an hour later, when it has said what it made of it.
      const ended = metrics.sum('portvakt_outcomes_total') + metrics.sum('portvakt_outbox_awaiting');
      expect(ended).toBe(own.length * VENDORS.length);
      expect(metrics.sum('portvakt_outcomes_total', { outcome: 'failed' })).toBe(0);
      expect(metrics.sum('portvakt_outbox_waiting')).toBe(0);
    } finally {
      await gateway.stop();
      await recorder.close();
    }
  });
});
