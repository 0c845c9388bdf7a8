import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { gatewayOf, NOW, webHit } from '../support/hits.ts';
import { errors, findings, load, yaml } from './support.ts';

// `mp_secrets` and `mp.consent` (`protocols/measurement-protocol.md` 2, 4): who may send by the Measurement Protocol, and
// whether a sender's own record of a choice grants.

const KEYS = '["${MP_SECRET}"]';
const KEY = 'secret-of-the-setting';
const site = (consent: string, more = '') =>
  yaml({
    hosts: '[shop.example.no]',
    mp_secrets: KEYS,
    ...(consent === '' ? {} : { mp: `{ consent: ${consent} }` }),
    consent: `{ cmp: [cookiebot]${more} }`,
  });

/** The signals in force for a body, and what `explain` says of the record. */
function decided(config: string, choice: object, at = NOW - 3_600_000) {
  const consent = { ...choice, time: new Date(at).toISOString() };
  const hit = {
    ...webHit({ measurement_id: 'G-TEST000001', api_secret: KEY }),
    path: '/mp/collect',
    headers: {},
    body: JSON.stringify({ client_id: '1.1790000000', events: [{ name: 'x' }], portvakt: { consent } }),
  };
  const done = decideRequest(hit, gatewayOf(config, NOW, KEY));
  if ('problem' in done) throw new Error(done.problem.detail);
  const [event] = done.trace.events;
  return { signals: event?.signals, notes: event?.consent.readings.map(({ note }) => note) };
}

const GRANTED = { analytics_storage: 'GRANTED' };

describe('an assertion of a back end', () => {
  it.each([
    ['by default', '', '', NOW - 3_600_000, 0],
    ['where only cookies count', 'cookies', '', NOW - 3_600_000, 0],
    ['where it counts', 'asserted', '', NOW - 3_600_000, 2],
    ['younger than choices may be', 'asserted', ', max_age: 30d', NOW - 29 * 86_400_000, 2],
    ['older than choices may be', 'asserted', ', max_age: 30d', NOW - 31 * 86_400_000, 0],
    ['a little ahead', 'asserted', '', NOW + 3_600_000, 2],
    ['far ahead', 'asserted', '', NOW + 2 * 86_400_000, 0],
  ])('%s', (_name, consent, more, at, signals) => {
    expect(decided(site(consent, more), GRANTED, at).signals).toBe(signals);
  });

  it('that is not taken says so', () => {
    expect(decided(site(''), GRANTED).notes).toEqual([expect.stringContaining('`mp.consent`')]);
  });
});

describe('the setting', () => {
  it('is part of the policy and of its page', () => {
    expect(gatewayOf(site('asserted')).policy).not.toBe(gatewayOf(site('cookies')).policy);
    const page = (text: string) => {
      const { config } = load(text);
      return configPage(config, compileGateway(config, NO_SECRETS));
    };
    expect(page(site('asserted'))).toContain('may state a choice from a record of their own');
    expect(page(site(''))).not.toContain('a record of their own');
  });

  it('refuses a word it does not know, and does nothing without a back end, with the place', () => {
    const [unknown] = errors(site('trusted'));
    expect(unknown).toMatchObject({ file: 'gateway.yaml', line: 7, column: expect.any(Number) as number });
    const [alone] = errors(yaml({ mp: '{ consent: asserted }', ingest_keys: '["${INGEST_KEY}"]' }));
    expect(alone).toMatchObject({ code: 'contradiction', message: expect.stringContaining('mp_secrets') as string });
    expect(alone?.instead).toContain('consent: cookies');
  });

  it('is told what the law asks of whoever asserts', () => {
    const legal = (text: string) => findings(text).filter(({ message }) => message.includes('Art. 7'));
    expect(legal(site('asserted')).map(({ kind, code }) => [kind, code])).toEqual([['note', 'legal']]);
    expect(legal(site('cookies'))).toEqual([]);
  });
});

describe('the keys', () => {
  const both = (ingest: string, mp: string) => yaml({ ingest_keys: `["\${${ingest}}"]`, mp_secrets: `["\${${mp}}"]` });

  it('are references, like every secret', () => {
    expect(errors(yaml({ mp_secrets: '[hunter2hunter2hunter2]' }))[0]).toMatchObject({ code: 'secret', line: 6 });
  });

  it('change nothing of the policy', () => {
    expect(gatewayOf(both('A', 'B')).policy).toBe(gatewayOf(yaml()).policy);
  });

  it('are enough for somebody to send, and are said to be shared where they are', () => {
    const said = (text: string, word: string) => findings(text).filter(({ message }) => message.includes(word));
    expect(said(yaml({ origins: '[]', mp_secrets: '["${B}"]' }), 'may send events')).toEqual([]);
    expect(said(yaml({ origins: '[]' }), 'may send events')).toHaveLength(1);
    expect(said(both('A', 'B'), 'ingest_keys')).toEqual([]);
    expect(said(both('A', 'A'), 'ingest_keys')).toMatchObject([{ kind: 'warning', line: 7 }]);
  });
});
