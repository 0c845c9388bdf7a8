import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import matomo from '../../../destinations/matomo/index.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { requestOne } from '../../support/plan-one.ts';
import { asRecorded } from '../../vendors/as-recorded.ts';
import { MATOMO_HOST, matomoVendor, violations } from '../../vendors/matomo.ts';

// Matomo's own library for servers as the oracle: Matomo must read the same from its text and from ours.

interface Tracker {
  readonly trackBulk: (events: readonly object[], done: (answer: string) => void) => void;
}
const MatomoTracker = createRequire(import.meta.url)('matomo-tracker') as new (site: string, url: string) => Tracker;

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder([matomoVendor]);
});
afterAll(() => recorder.close());

const requests = matomo.examples.flatMap((example) => {
  const request = requestOne(matomo, example);
  return 'url' in request ? [[example.title, asRecorded(request)] as const] : [];
});

it.each(requests)('%s', async (_, ours) => {
  const { requests: lines, ...rest } = JSON.parse(ours.body) as { requests: readonly string[] };
  const pairs = lines.map((line) => Object.fromEntries(new URLSearchParams(line)));
  const { idsite = '' } = pairs[0] ?? {};
  recorder.clear();
  await new Promise<string>((resolve) =>
    new MatomoTracker(idsite, `${recorder.url}/${MATOMO_HOST}${ours.path}`).trackBulk(pairs, resolve),
  );
  const [theirs] = recorder.to(MATOMO_HOST);
  const written = JSON.parse(theirs?.body ?? '') as { requests: readonly string[] };
  const inOrder = (line: string) => [line.slice(0, 1), ...line.slice(1).split('&').toSorted()];
  expect(written.requests.map(inOrder)).toEqual(lines.map(inOrder));
  expect([theirs?.method, theirs?.path, theirs?.headers['content-type']]).toEqual([
    ours.method,
    ours.path,
    ours.headers['content-type'],
  ]);
  // The token is not its business.
  expect(Object.keys(rest).filter((key) => key !== 'token_auth')).toEqual([]);
  violations.splice(0);
});

it('has something to compare', () => {
  expect(requests.length).toBeGreaterThan(1);
});
