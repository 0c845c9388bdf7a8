import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adviceOn } from '../../src/config/lint/advice.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { errors, load, yaml } from './support.ts';

// An id under an unknown name can be found by its value only. With a list of allowed names it does not pass in any
// case.

const root = join(import.meta.dirname, '../..');
const GA4 = 'measurement_id: G-TEST000001, api_secret: "${S}", region: eu';
const META = 'pixel_id: "123456789012345", access_token: "${T}"';
const advice = (text: string) => adviceOn(text, 'gateway.yaml', load(text).config);

describe('custom parameters that nobody listed', () => {
  it('are said once for all routes that take them, at the first, with what to write', () => {
    const text = yaml({
      destinations: `\n      meta: { ${META} }\n      ga4: { ${GA4} }\n      b: { type: ga4, ${GA4.replace('1,', '2,')} }`,
    });
    const [note, ...more] = advice(text);
    expect(more).toEqual([]);
    expect(note).toMatchObject({ line: 7, column: 7, kind: 'note', code: 'custom-params' });
    expect(note?.message).toContain('`ga4`, `b`');
    expect(note?.instead).toContain('params: [');
  });

  it.each([
    ['a list', 'params: [method, colour]', undefined],
    ['all of them on purpose', 'params: all', undefined],
    ['replaced ids, which pass none on', '', '{ replaced_ids: { visitors: 1000 }, referrer: none }'],
  ])('nothing is said of %s', (_, params, privacy) => {
    const destinations = `{ ga4: { ${GA4}${params === '' ? '' : `, ${params}`} } }`;
    expect(advice(yaml({ destinations, ...(privacy !== undefined && { privacy }) }))).toEqual([]);
  });

  it('nothing is said of vendors that take those which their settings name', () => {
    const event = '{ purchase: { name: pe1_x, properties: { colour: params.colour } } }';
    expect(advice(yaml({ destinations: `{ hubspot: { access_token: "\${T}", custom_events: ${event} } }` }))).toEqual(
      [],
    );
  });

  it('nothing is said of vendors that take none', () => {
    expect(advice(yaml({ destinations: `{ meta: { ${META} } }` }))).toEqual([]);
  });

  it('`all` is the same policy as no line', () => {
    const policy = (params: string) =>
      compileGateway(load(yaml({ destinations: `{ ga4: { ${GA4}${params} } }` })).config, NO_SECRETS).policy;
    expect(policy(', params: all')).toEqual(policy(''));
    expect(policy(', params: [colour]')).not.toEqual(policy(''));
  });

  it('`all` beside `replaced_ids` is a contradiction', () => {
    const [finding] = errors(
      yaml({
        destinations: `{ ga4: { ${GA4}, params: all } }`,
        privacy: '{ replaced_ids: { visitors: 1000 }, referrer: none }',
      }),
    );
    expect(finding).toMatchObject({ code: 'contradiction' });
    expect(finding?.message).toContain('not listed');
  });
});

describe('what ships', () => {
  const shipped = ['config', 'config/presets', 'config/examples']
    .flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'));

  it.each(shipped)('%s needs no advice, except that the reference leaves the choice to the reader', (file) => {
    const found = advice(readFileSync(join(root, file), 'utf8'));
    expect(found.map(({ code }) => code)).toEqual(file === 'config/gateway.yaml' ? ['custom-params'] : []);
  });
});
