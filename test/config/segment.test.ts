import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../support/hits.ts';
import { errors, findings, load, yaml } from './support.ts';

// `consent.segment` (`protocols/segment.md` 4): which senders' categories grant, and which signals they stand for.

const site = (segment: string, more = '', rest: Readonly<Record<string, string>> = {}) =>
  yaml({
    hosts: '[shop.example.no]',
    ingest_keys: '["${INGEST_KEY}"]',
    ...rest,
    consent: `{ cmp: [cookiebot]${segment === '' ? '' : `, segment: ${segment}`}${more} }`,
  });

/** The signals in force for a call of a page. */
function signals(config: string, categoryPreferences: object, cookies = ''): number | undefined {
  const call = { event: 'A', context: { consent: { categoryPreferences } } };
  const hit = { ...webHit({}, { cookies }), path: '/v1/t', query: '', body: JSON.stringify(call) };
  const done = decideRequest(
    { ...hit, headers: { ...hit.headers, 'content-type': 'text/plain' } },
    gatewayOf(config, NOW),
  );
  if ('problem' in done) throw new Error(done.problem.detail);
  return done.trace.events[0]?.signals;
}

const STATISTICS = 2;

describe('what it decides', () => {
  it.each([
    ['by default', '', '', { C0002: true }, 0],
    ['where only cookies count', 'cookies', '', { C0002: true }, 0],
    ['where back ends are believed', 'asserted', '', { C0002: true }, 0],
    ['where pages are believed', 'trust', '', { C0002: true }, STATISTICS],
    ['written as a section', '{ take: trust }', '', { Analytics: true }, STATISTICS],
    [
      'a category of the own',
      '{ take: trust, categories: { Statistikk: statistics } }',
      '',
      { statistikk: true },
      STATISTICS,
    ],
    ['a usual one that means nothing here', '{ take: trust, categories: { C0002: [] } }', '', { C0002: true }, 0],
    ['on a site that maps categories anew', 'trust', ', mapping: { statistics: [] }', { C0002: true }, 0],
    ['where choices may be too old', 'trust', ', max_age: 30d', { C0002: true }, 0],
  ])('%s', (_name, segment, more, preferences, expected) => {
    expect(signals(site(segment, more), preferences)).toBe(expected);
  });
});

it('beside a record of the banner it takes away and does no more: a record has a time, and categories have none', () => {
  const record = cookiebot({ preferences: true, statistics: true, marketing: true });
  const alone = signals(site('cookies', ', max_age: 30d'), {}, record) ?? 0;
  expect(alone & STATISTICS).toBe(STATISTICS);
  expect(signals(site('trust', ', max_age: 30d'), { C0002: true, C0004: true }, record)).toBe(alone);
  expect(signals(site('trust', ', max_age: 30d'), { C0002: false }, record)).toBe(alone & ~STATISTICS);
});

describe('the setting', () => {
  it('is part of the policy and of its page; the default changes neither', () => {
    const policy = (text: string) => gatewayOf(text).policy;
    expect(policy(site('trust'))).not.toBe(policy(site('asserted')));
    expect(policy(site('{ categories: { a: [] } }'))).not.toBe(policy(site('')));
    expect(policy(site('cookies'))).toBe(policy(site('')));
    const page = (text: string) => {
      const { config } = load(text);
      return configPage(config, compileGateway(config, NO_SECRETS));
    };
    expect(page(site('trust'))).toContain('categories that pages and back ends state');
    expect(page(site('asserted'))).toContain('categories that back ends state');
    expect(page(site(''))).not.toContain('categories that');
  });

  it('refuses what it does not know, and whose word nobody can give, with the place', () => {
    expect(errors(site('trusted'))[0]).toMatchObject({ file: 'gateway.yaml', line: expect.any(Number) as number });
    expect(errors(site('{ categories: { a: [ads] } }'))).toHaveLength(1);
    const nobody = { ingest_keys: '[]' };
    expect(errors(site('asserted', '', nobody))[0]).toMatchObject({
      code: 'contradiction',
      message: expect.stringContaining('ingest_keys') as string,
    });
    expect(errors(site('trust', '', { origins: '[]' }))[0]?.instead).toContain('asserted');
  });

  it('says what the law asks, and that a limit of age leaves nothing of it', () => {
    const said = (text: string, word: string) => findings(text).filter(({ message }) => message.includes(word));
    expect(said(site('trust'), 'anybody can write').map(({ kind }) => kind)).toEqual(['note']);
    expect(said(site('asserted'), 'Art. 7(1)')).toHaveLength(1);
    expect(said(site(''), 'Art. 7(1)')).toEqual([]);
    expect(said(site('trust', ', max_age: 30d'), 'max_age')).toMatchObject([{ kind: 'warning' }]);
    expect(said(site('trust'), 'max_age')).toEqual([]);
  });
});
