import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matrixCases, readMatrix } from '../matrix/cases.ts';
import { startRecorder } from '../support/recorder.ts';
import { serve } from '../support/serve.ts';
import { VENDORS, violations } from '../support/vendors.ts';
import { readCases } from './read.ts';
import { runCases } from './runner.ts';

// The cases that are not in the matrix, which has a test of its own (test/matrix).

const cases = readCases(join(import.meta.dirname, 'cases.yaml'));

it('names every case once', () => {
  const names = cases.map(({ id }) => id);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(['block', 'limited'])('%s', (config) => {
  it('conforms', async () => {
    const recorder = await startRecorder(VENDORS);
    const text = readFileSync(join(import.meta.dirname, `configs/${config}.yaml`), 'utf8');
    const gateway = await serve({ config: text, sink: recorder.url });
    violations();
    try {
      const own = cases.filter((one) => one.config === config);
      const results = await runCases(own, { url: gateway.url, recorder });
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
      expect(results).toHaveLength(own.length);
      expect(violations()).toEqual([]);
    } finally {
      await gateway.stop();
      await recorder.close();
    }
  });
});

it('a gateway that does otherwise fails: one that pings without consent, where it must be silent', async () => {
  const recorder = await startRecorder(VENDORS);
  const text = readFileSync(join(import.meta.dirname, 'configs/limited.yaml'), 'utf8');
  const gateway = await serve({ config: text, sink: recorder.url });
  try {
    const silent = matrixCases(readMatrix()).filter(({ id }) => id === 'block web .... purchase');
    const [result] = await runCases(silent, { url: gateway.url, recorder });
    expect(
      result?.problems.map((problem) => problem.split('/', 1)[0]).toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)),
    ).toEqual([
      'bat.bing.com',
      'example.piwik.pro',
      'pagead2.googlesyndication.com',
      'region1.google-analytics.com',
      'stats.example.no',
    ]);
  } finally {
    await gateway.stop();
    await recorder.close();
  }
});
