import { describe, expect, it } from 'vitest';
import { readCases, type Case } from '../../src/config/cases/index.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { runCase } from '../../src/config/cases/run-case.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { load, NOW, yaml } from './support.ts';

const gateway = compileGateway(
  load(
    yaml({
      consent: '{ cmp: [cookiebot] }',
      ingest_keys: '[${KEY}]',
      destinations:
        '{ ga4: { measurement_id: G-TEST000001, api_secret: "${S}", region: eu }, meta: { pixel_id: "123456789012345", access_token: "${T}" } }',
    }),
  ).config,
  NO_SECRETS,
);

function caseOf(text: string): Case {
  const read = readCases(`config: x.yaml\ncases:\n  - ${text.trim().replaceAll('\n', '\n    ')}\n`, 'x.test.yaml');
  if ('findings' in read) throw new Error(JSON.stringify(read.findings));
  const [first] = read.cases.cases;
  if (first === undefined) throw new Error('no case');
  return first;
}

const failures = (text: string) =>
  runCase(caseOf(text), gateway, NOW, { ingest_keys: NO_SECRETS.value({ env: 'KEY' }) });

describe('a case that holds', () => {
  it.each([
    ['silence', 'name: a\nrequest: {}\nexpect: { nothing_to: anybody, signals: [], set_cookies: none }'],
    [
      'statistics',
      'name: a\nrequest: { said: statistics }\nexpect: { nothing_to: meta, to: { ga4: { verdict: full, outcome: planned, contains: gcs=G101 } } }',
    ],
    [
      'two categories',
      'name: a\nrequest: { said: [statistics, preferences] }\nexpect: { signals: [analytics_storage, functionality_storage, personalization_storage] }',
    ],
    ['a refusal', 'name: a\nrequest: { headers: { Origin: "https://evil.example" } }\nexpect: { refused: 403 }'],
    [
      'a back end',
      'name: a\nrequest: { said: statistics, backend: true, events: [{ name: login, visitor: { client_id: "1.1795000000" } }] }\nexpect: { to: { ga4: { contains: login } } }',
    ],
    ['exact keys', 'name: a\nrequest: { backend: true, events: [{ name: login }] }\nexpect: { nothing_to: anybody }'],
  ])('%s', (_, text) => {
    expect(failures(text)).toEqual([]);
  });
});

describe('a case that does not hold says what is wrong', () => {
  const granted =
    'name: a\nrequest: { said: everything, cookies: { _fbp: fb.1.1795390000000.12345678 }, hit: { en: purchase, epn.value: 5, cu: NOK } }\nexpect: ';

  it.each([
    ['{ nothing_to: anybody }', ['ga4: expected nothing', 'meta: expected nothing']],
    ['{ nothing_to: [ga4] }', ['ga4: expected nothing, but it gets GET region1.google-analytics.com']],
    ['{ nothing_to: [facebook] }', ['no route `facebook`; routes: ga4, meta']],
    ['{ to: { facebook: { verdict: full } } }', ['no route `facebook`']],
    ['{ to: { ga4: { verdict: blocked } } }', ['verdict is full, expected blocked']],
    ['{ to: { ga4: { outcome: skipped } } }', ['outcome is planned, expected skipped']],
    ['{ to: { ga4: { contains: [gcs=G100] } } }', ['does not contain `gcs=G100`']],
    ['{ to: { ga4: { lacks: [gcs=G111] } } }', ['contains `gcs=G111`']],
    ['{ to: { meta: { lacks: [fb.1.1795390000000.12345678] } } }', ['contains `fb.1']],
    ['{ to: { ga4: { keys: [v, tid] } } }', ['keys of the request: not expected', 'cid']],
    ['{ signals: [] }', ['signals in force: not expected ad_storage']],
    ['{ refused: 403 }', ['expected to be refused with 403, but was accepted']],
    ['{ set_cookies: { contains: nothing_like_this } }', ['no cookie set contains']],
  ])('%s', (expect_, messages) => {
    const found = failures(granted + expect_).join('\n');
    for (const message of messages) expect(found).toContain(message);
  });

  it('a hash is a trace', () => {
    const text = (key: string) =>
      `name: a\nrequest: { said: everything, backend: true, events: [{ name: purchase, params: { currency: NOK, value: 1 }, user: { email: kari@example.no } }] }\nexpect: { to: { meta: { ${key}: [kari@example.no] } } }`;
    expect(failures(text('lacks'))).toEqual([]);
    expect(failures(text('no_trace_of')).join()).toContain('has a trace of');
  });

  it('what cannot be run is a failure, too', () => {
    expect(failures('name: a\nrequest: { site: other.example.no }\nexpect: {}').join()).toContain(
      'no site of the configuration',
    );
    expect(runCase(caseOf('name: a\nrequest: { backend: true }\nexpect: {}'), gateway, NOW).join()).toContain(
      'ingest_keys',
    );
  });
});

describe('a file of cases', () => {
  it.each([
    ['config: x.yaml\ncases:\n  - name: a\n    expects: {}\n', 4, 'unknown-key', 'expect'],
    ['config: x.yaml\ncases:\n  - name: a\n    expect: { nothingto: [meta] }\n', 4, 'unknown-key', 'nothing_to'],
    [
      'config: x.yaml\ncases:\n  - name: a\n    request: { said: statistic }\n    expect: {}\n',
      4,
      'value',
      'statistics',
    ],
    ['config: x.yaml\ncases: []\n', 2, 'value', ''],
    ['cases:\n  - { name: a, expect: {} }\n', 1, 'missing-key', ''],
  ])('%j', (text, line, code, instead) => {
    const read = readCases(text, 'x.test.yaml');
    const [first] = 'findings' in read ? read.findings : [];
    expect({ line: first?.line, code: first?.code }).toEqual({ line, code });
    expect(first?.instead ?? '').toContain(instead);
  });

  it('knows where each case begins', () => {
    const read = readCases('config: x.yaml\ncases:\n  - name: a\n    expect: {}\n\n  - name: b\n    expect: {}\n', 'x');
    expect('lines' in read ? read.lines : []).toEqual([3, 6]);
  });
});
