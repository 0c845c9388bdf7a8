import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { PURE, WORKER_WITHOUT } from '../../scripts/left-out.ts';
import { temporary } from '../support/serve.ts';
import { ROOT } from './engines.ts';
import * as whole from './left-out-parts.ts';

// In a worker some libraries have fewer parts than on Node. Every result must be the same.

let less: typeof whole;
beforeAll(async () => {
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'left-out-parts.ts'),
    platform: 'browser',
    plugins: [...WORKER_WITHOUT],
    treeshake: { propertyReadSideEffects: false, manualPureFunctions: PURE },
  });
  const file = join(temporary(), 'parts.mjs');
  const { output } = await bundle.write({ file, format: 'esm', minify: true });
  await bundle.close();
  // It has to be less, or nothing is compared here.
  const { code } = output[0];
  expect(['uuidv7', 'broadcastAddress', 'dump(', 'sparc64', 'new Doc('].filter((one) => code.includes(one))).toEqual(
    [],
  );
  less = (await import(/* @vite-ignore */ file)) as typeof whole;
});

const JSON_VALUE = fc.jsonValue({ maxDepth: 2 });
const TEXT = fc.oneof(fc.string(), fc.constantFrom('2026-11-01T10:00:00Z', '1'.repeat(64), '', '47', 'purchase'));
const LOOSE = fc.oneof(TEXT, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), JSON_VALUE);
const record = (...keys: readonly string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, LOOSE])), { requiredKeys: [] });

const EVENT = fc.record(
  {
    name: fc.oneof(fc.constantFrom('purchase', 'page_view', 'error'), LOOSE),
    id: LOOSE,
    time: fc.oneof(fc.constantFrom(1_700_000_000, 1_700_000_000_000), LOOSE),
    page: fc.oneof(record('url', 'referrer', 'title'), LOOSE),
    params: fc.oneof(record('value', 'currency', 'own', 'items', 'page_title'), LOOSE),
    user: fc.oneof(record('id', 'email', 'phone', 'email_sha256', 'city', 'wrong'), LOOSE),
    user_properties: fc.oneof(fc.dictionary(TEXT, LOOSE), LOOSE),
    visitor: fc.oneof(record('cookies', 'client_id', 'ip', 'gpc'), LOOSE),
    unknown: LOOSE,
  },
  { requiredKeys: ['name'] },
);

/** What a schema says of a value: what it read, or each mistake. */
const said = (read: { success: boolean; data?: unknown; error?: { issues: readonly object[] } | undefined }) =>
  read.success ? read.data : JSON.stringify(read.error?.issues);

describe('what is left out of a worker', () => {
  it('reads events and remarks on them as before', () => {
    fc.assert(
      fc.property(EVENT, (one) => {
        expect(said(less.event.safeParse(one))).toEqual(said(whole.event.safeParse(one)));
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.record({ events: fc.oneof(fc.array(JSON_VALUE), LOOSE) }), LOOSE), (body) => {
        expect(said(less.eventsBody.safeParse(body))).toEqual(said(whole.eventsBody.safeParse(body)));
      }),
    );
  });

  it('reads what a back end states as before', () => {
    const WORD = fc.oneof(fc.constantFrom('GRANTED', 'denied', 'Granted'), LOOSE);
    const consent = fc.record({ analytics_storage: WORD, ad_storage: WORD, time: LOOSE }, { requiredKeys: [] });
    const own = fc.record(
      { visitor: record('cookies', 'user_agent'), consent: fc.oneof(consent, LOOSE) },
      { requiredKeys: [] },
    );
    const heard = ({ readStatement }: typeof whole, portvakt: unknown) => {
      const remarks: unknown[] = [];
      const about = { add: (...one: unknown[]) => remarks.push(one), addAll: (all: unknown) => remarks.push(all) };
      return [readStatement({ portvakt }, about as never), remarks];
    };
    fc.assert(
      fc.property(fc.oneof(own, LOOSE), (one) => {
        expect(heard(less, one)).toEqual(heard(whole, one));
      }),
    );
  });

  it('understands the answers of vendors as before', () => {
    const detail = record('index', 'errorCode', 'isWarning');
    const error = fc.record(
      { code: TEXT, details: fc.oneof(fc.array(fc.oneof(detail, LOOSE)), LOOSE) },
      { requiredKeys: [] },
    );
    const reply = fc.record({ eventsReceived: LOOSE, error: fc.oneof(error, LOOSE) }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(reply, LOOSE), fc.constantFrom(200, 400, 500), (body, status) => {
        const answer = { status, headers: {}, body: JSON.stringify(body), at: 0 };
        expect(less.judge(answer, 3, '')).toEqual(whole.judge(answer, 3, ''));
        expect(less.readGoogleError(answer.body)).toEqual(whole.readGoogleError(answer.body));
      }),
    );
  });

  it('reads addresses as before', () => {
    const asked = ({ clientAddress, isInside, truncateIp, networkOf }: typeof whole, text: string) => [
      clientAddress(text, undefined, []),
      isInside(text),
      truncateIp(text),
      networkOf(text),
    ];
    const odd = [
      '::',
      '::1',
      '::ffff:10.0.0.1',
      '2001:db8::/32',
      'fe80::1%eth0',
      '[2001:db8::1]:443',
      '1::2::3',
      ':::',
      '64:ff9b::1.2.3.4',
      '2002:c000:204::',
    ];
    const HEX = fc.array(fc.constantFrom('', '0', 'ffff', 'DB8', '12345', 'g'), { minLength: 1, maxLength: 9 });
    const any = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      HEX.map((parts) => parts.join(':')),
      fc.string(),
      fc.constantFrom(...odd),
    );
    fc.assert(
      fc.property(any, (text) => {
        expect(asked(less, text)).toEqual(asked(whole, text));
      }),
    );
  });

  it('knows browsers as before', () => {
    const files = globSync('test/{field,fixtures,privacy,recipes}/**/*.{json,ts}', { cwd: ROOT });
    const written = files.flatMap(
      (file) => readFileSync(join(ROOT, file), 'utf8').match(/Mozilla\/5\.0[^"'`\n\\]+/g) ?? [],
    );
    const agents = [...new Set(written)];
    expect(agents.length).toBeGreaterThan(40);
    for (const agent of agents) expect(less.readUserAgent(agent)).toEqual(whole.readUserAgent(agent));
  });

  it('keeps as much, and as long', () => {
    const word = fc.string({ maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), word)), (steps) => {
        const [small, large] = [
          new less.Recent<string>(4, 2_000, (text) => text.length),
          new whole.Recent<string>(4, 2_000, (text) => text.length),
        ];
        for (const [sets, key] of steps) {
          if (sets) for (const one of [small, large]) one.set(key, key.repeat(100));
          expect([small.get(key), small.bytes]).toEqual([large.get(key), large.bytes]);
        }
      }),
    );
  });
});
