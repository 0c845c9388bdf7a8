import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { explain } from '../../src/config/cases/explanation.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { CUSTOM } from '../consent/custom-banners.ts';
import { gatewayOf, webHit } from '../support/hits.ts';
import { errors, findings, load, yaml } from './support.ts';

// `consent.custom` (docs/custom-banners.md): what is refused, what is warned about, and where the name is shown.

const site = (custom: string, cmp = '[]') =>
  yaml({ hosts: '[shop.example.no]', consent: `{ cmp: ${cmp}, custom: ${custom} }` });
const SOUND = '{ a: { cookie: c, encoding: json, flags: { s: statistics } } }';

describe('a description that cannot be honoured', () => {
  it.each([
    ['says nothing of a choice', '{ a: { cookie: c } }', 'nothing of a choice'],
    [
      'says twice where it is',
      '{ a: { cookie: c, value: statistics, list: { names: { s: statistics } } } }',
      'says already',
    ],
    ['has no flag', '{ a: { cookie: c, encoding: json, flags: {} } }', 'no flag'],
    ['has no name', '{ a: { cookie: c, list: { names: {} } } }', 'no name'],
    ['is of a platform that is known', '{ cookiebot: { cookie: c, value: statistics } }', 'is known'],
    ['has a choice that is no JSON', '{ a: { cookie: c, encoding: json, value: statistics } }', 'no JSON'],
    ['has services that are no JSON', '{ a: { cookie: c, services: {} } }', 'JSON only'],
    ['takes JSON apart', '{ a: { cookie: c, encoding: json, between: "|", flags: { s: statistics } } }', 'taken apart'],
    ['decodes in no order', '{ a: { cookie: c, encoding: [json, base64], flags: { s: statistics } } }', 'second'],
    ['has one word for both', '{ a: { cookie: c, granted: [x], refused: [x], value: statistics } }', 'same word'],
    [
      'has a word that is cut off to another',
      '{ a: { cookie: c, granted: [allow], refused: [allowed-none], value: statistics } }',
      'cut off',
    ],
    ['takes an empty cookie for a yes', '{ a: { cookie: c, granted: [""], value: statistics } }', 'empty text'],
    ['has flags in a list', '{ a: { cookie: c, granted: [x], list: { names: { s: statistics } } } }', 'no flags'],
    [
      'has flags that can be absent in a list',
      '{ a: { cookie: c, absent: refused, list: { names: { s: statistics } } } }',
      'absent',
    ],
    ['has no signal', '{ a: { cookie: c, value: everything } }', ''],
    ['has no name of a cookie', '{ a: { cookie: "a b", value: statistics } }', 'cookie'],
    ['has a key nobody knows', '{ a: { cookie: c, value: statistics, colour: red } }', ''],
  ])('%s', (_name, custom, message) => {
    const found = errors(site(custom));
    expect(found[0]?.message).toContain(message);
    expect(found[0]).toMatchObject({
      file: 'gateway.yaml',
      line: expect.any(Number) as number,
      column: expect.any(Number) as number,
    });
  });

  it('nothing is read at all', () => {
    expect(errors(site('{}'))[0]).toMatchObject({
      code: 'contradiction',
      message: expect.stringContaining('no visitor can ever consent') as string,
    });
    expect(errors(site(SOUND))).toEqual([]);
  });
});

describe('a description that is doubtful', () => {
  const said = (text: string, word: string) => findings(text).filter(({ message }) => message.includes(word));
  it.each([
    [site('{ a: { cookie: c, list: { names: { ads: marketing, ads-plus: statistics } } } }'), 'cut off in `ads-plus`'],
    [site('{ a: { cookie: CookieConsent, value: statistics } }', '[cookiebot]'), 'reads the same cookie'],
    [site(SOUND, 'auto'), 'reads every known one'],
  ])('%#', (text, word) => {
    expect(said(text, word)).toMatchObject([{ kind: 'warning' }]);
    expect(said(site(SOUND), word)).toEqual([]);
  });
});

describe('where it shows', () => {
  const explained = (cookie: string) => {
    const done = decideRequest(
      webHit({ v: '2', tid: 'G-TEST000001', cid: '1.1790000000', en: 'page_view' }, { cookies: cookie }),
      gatewayOf(site(SOUND)),
    );
    if ('problem' in done) throw new Error(done.problem.detail);
    return explain(done.trace).events[0]?.consent;
  };

  it('in `explain`, with its cookie, and with what to do where it is not as described', () => {
    expect(explained('c={"s":true}')).toMatchObject({
      platform: 'a',
      evidence: [{ source: 'a', cookies: 'c', status: 'given' }],
    });
    expect(explained('c={"s":1}')?.evidence).toMatchObject([
      { source: 'a', cookies: 'c', status: 'none', advice: expect.stringContaining('consent.custom.a') as string },
    ]);
  });

  it('on the page of the configuration, and in the policy', () => {
    const { config } = load(site(SOUND));
    const page = configPage(config, compileGateway(config, NO_SECRETS));
    expect(page).toContain("Consent is read from the site's own banner `a` (`c`);");
    expect(page).toMatch(/\| `c` \| the site's banner \(`a`\) \|/);
    expect(gatewayOf(site(SOUND)).policy).not.toBe(gatewayOf(site(SOUND.replace('statistics', 'marketing'))).policy);
    expect(gatewayOf(yaml()).policy).toBe(gatewayOf(yaml()).policy);
  });

  it('the descriptions in the documentation are those that are tested', () => {
    const text = readFileSync(new URL('../../docs/custom-banners.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| \[[^|]*\| .*?`(\{ cookie.*\})` \|$/gm)].map(
      ([, row = '']) => parse(row) as unknown,
    );
    const tested = Object.values(CUSTOM).map((one) => Object.values(parse(one) as object)[0] as unknown);
    expect(rows).toEqual(tested);
  });
});
