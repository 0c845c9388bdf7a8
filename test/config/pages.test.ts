import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIT } from '../../src/core/signals.ts';
import { GOVERNED } from '../../src/cookies/vendor-cookies.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { destinationPage } from '../../src/config/pages/destination-page.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { editorSchema, keysAt, schemaAt, type JsonSchema } from '../../src/config/pages/editor-schema.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { boundByExamples, WITH_COURIER } from '../support/destinations.ts';
import { load, yaml } from './support.ts';

const reference = readFileSync(join(import.meta.dirname, '../../config/gateway.yaml'), 'utf8');

function page(text: string): string {
  const { config } = load(text);
  return configPage(config, compileGateway(config, NO_SECRETS));
}

/** The row of a table that begins with these words, below this heading. */
function row(text: string, heading: string, first: string): string {
  const section = text.slice(text.indexOf(`## ${heading}`));
  return section.split('\n').find((line) => line.startsWith(`| ${first} |`)) ?? '';
}

describe('the page about a configuration', () => {
  const text = page(reference);

  it.each(['Google Ads (`google_ads`)', 'Meta Conversions API', 'LinkedIn Conversions API', 'Microsoft Advertising'])(
    '%s receives nothing from somebody who chose statistics only',
    (heading) => {
      for (const choice of ['nothing yet', 'to refuse everything', 'statistics only']) {
        expect(row(text, heading, choice)).toBe(`| ${choice} | **nothing** |  |`);
      }
      expect(row(text, heading, 'everything')).toContain('the event');
    },
  );

  it('statistics only: Google Analytics gets no click id, no user data, no user id', () => {
    const statistics = row(text, 'Google Analytics 4', 'statistics only');
    expect(statistics).toContain('client_id');
    expect(statistics).not.toMatch(/click|user data|user_id|email/);
    expect(row(text, 'Google Analytics 4', 'everything')).toMatch(/\*\*click id\*\*: google_click_params/);
  });

  it('names no field that the privacy settings never let come into being', () => {
    expect(text).not.toMatch(/\bip\b[,; |]|client_hints|: user_agent,/);
    expect(page(reference.replace('ip: none ', 'ip: truncate '))).toMatch(/\*\*network\*\*: ip/);
  });

  it('says what legitimate interest lets through before anybody has chosen', () => {
    const interest = page(yaml({ purposes: '{ analytics: { basis: legitimate_interest } }' }));
    expect(row(interest, 'Google Analytics 4', 'nothing yet')).toContain('the event');
    expect(row(interest, 'Google Analytics 4', 'to refuse everything')).toContain('**nothing**');
  });

  it('says which form goes out without consent, and from where', () => {
    const limited = page(reference.replace('without_consent: block  ', 'without_consent: limited'));
    expect(row(limited, 'Google Analytics 4', 'to refuse everything')).toContain('identifies nobody (web hits only)');
  });

  it('never calls a truncated address anonymous', () => {
    expect(page(yaml({ privacy: '{ ip: truncate }' }))).toContain('pseudonymous, not anonymous');
  });

  it('lists every secret by name', () => {
    for (const name of reference.match(/(?<=: )\$\{\w+\}/g) ?? []) expect(text).toContain(`\`${name}\``);
  });
});

describe('the cookie table', () => {
  const cookieRow = (text: string, name: string) => text.split('\n').find((line) => line.startsWith(`| \`${name}\``));
  const strict = readFileSync(join(import.meta.dirname, '../../config/presets/strict.yaml'), 'utf8');

  it('names every cookie the gateway answers for, with life, consent and reason', () => {
    const text = page(yaml({ cookies: '{ own_id: true, analytics: 5d, ads: 20d }' }));
    expect(GOVERNED.length).toBeGreaterThan(20);
    for (const { name, bit, life } of GOVERNED) {
      const [, , setBy, does, lives, needs, why] = cookieRow(text, name)?.split('|') ?? [];
      expect([name, setBy, does, why].map((cell) => (cell ?? '').trim().length >= 3)).not.toContain(false);
      expect(why).not.toContain('undefined');
      expect(needs).toContain(bit === BIT.ad_storage ? 'ad_storage' : 'analytics_storage');
      if (life !== 'session') expect(lives).toContain(bit === BIT.ad_storage ? '20 days' : '5 days');
    }
  });

  it('has pv_seen under the strict preset, and pv_id only where the site wants it', () => {
    expect(cookieRow(page(strict), 'pv_seen')).toBeDefined();
    expect(cookieRow(page(strict), 'pv_id')).toBeUndefined();
  });

  it('names the consent cookies that are read, under the names the site gave them', () => {
    const mapping = '{ klaro: { cookie: my_klaro, purposes: { stats: statistics } } }';
    const text = page(yaml({ consent: `{ cmp: [cookiebot, klaro, usercentrics], mapping: ${mapping} }` }));
    for (const name of ['CookieConsent', 'my_klaro', 'pv_consent', 'usprivacy']) expect(text).toContain(`\`${name}\``);
    expect(text).not.toContain('| `klaro` |');
    expect(page(yaml())).toContain('consent cookies of every known platform');
  });
});

describe('what the page says of the address', () => {
  it('is never looked at, unless requests of one client are counted', () => {
    expect(page(yaml())).toContain("The visitor's address is never looked at.");
    const counted = page(yaml({}, 'limits: { per_client: 600 }'));
    expect(counted).not.toContain('never looked at');
    expect(counted).toContain('keyed hash in memory');
  });
});

describe('where requests go', () => {
  it.each([
    ['eu', 'region1.google-analytics.com', 'www.google-analytics.com'],
    ['global', 'www.google-analytics.com', 'region1.google-analytics.com'],
  ])('region %s names its own host only', (region, host, other) => {
    const text = page(yaml({ destinations: `{ ga4: { measurement_id: G-TEST000001, region: ${region} } }` }));
    expect(text).toContain(`Requests go to \`${host}\``);
    expect(text).not.toContain(other);
  });
});

describe('the page about a destination', () => {
  it.each(Object.entries(WITH_COURIER))('%s: names every field, setting and example', (_, destination) => {
    const text = destinationPage(destination, 'A note of a person.');
    const missing = [
      ...Object.keys(destination.reads),
      ...Object.keys(destination.limited?.reads ?? {}),
      ...boundByExamples(destination).flatMap(({ hosts }) => hosts),
      ...destination.needs,
    ].filter((word) => !text.includes(`\`${word}\``));
    expect(missing).toEqual([]);
    expect(destination.examples.filter(({ title }) => !text.includes(title))).toEqual([]);
    expect(text).toContain('A note of a person.');
  });
});

/** What a schema says about a value, as far as the reference configuration needs it. */
function refusals(schema: JsonSchema | undefined, value: unknown, path: string): string[] {
  if (schema === undefined) return [`${path}: unknown`];
  const options = schema.anyOf ?? [schema];
  const results = options.map((option) => refusalsOf(option, value, path));
  return results.find((found) => found.length === 0) ?? results[0] ?? [];
}

function refusalsOf(schema: JsonSchema, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    return schema.type === 'array'
      ? value.flatMap((item, i) => refusals(schema.items, item, `${path}[${i}]`))
      : [`${path}: a list`];
  }
  if (typeof value === 'object' && value !== null) {
    const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${path}.${key}: missing`);
    const inner = Object.entries(value).flatMap(([key, part]) => {
      const beyond = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      return refusals(schema.properties?.[key] ?? beyond, part, `${path}.${key}`);
    });
    return [...missing, ...inner];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${path}: not one of ${schema.enum.join()}`];
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(String(value)))
    return [`${path}: not like ${schema.pattern}`];
  if ('const' in schema && schema['const'] !== value) return [`${path}: not ${String(schema['const'])}`];
  return schema.type === 'object' || schema.type === 'array' ? [`${path}: not a ${schema.type}`] : [];
}

describe('the schema for editors', () => {
  const schema = editorSchema();

  it('is what config/schema.json holds', () => {
    const file = readFileSync(join(import.meta.dirname, '../../config/schema.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it('accepts the reference configuration', async () => {
    const { parse } = await import('yaml');
    expect(refusals(schema, parse(reference), 'config')).toEqual([]);
  });

  it.each([
    ['a literal secret', 'access_token: ${META_ACCESS_TOKEN}', 'access_token: EAAB'],
    ['an unknown key', 'referrer: origin', 'referer: origin'],
    ['a word that is none', 'basis: consent', 'basis: because'],
    ['a duration without a unit', 'analytics: 7d', 'analytics: 7x'],
    ['a missing setting', 'pixel_id: "123456789012345"', 'since: 2026-11-01'],
  ])('refuses %s', async (_, from, to) => {
    const { parse } = await import('yaml');
    expect(reference).toContain(from);
    expect(refusals(schema, parse(reference.replace(from, to)), 'config').length).toBeGreaterThan(0);
  });

  it('describes every key', () => {
    const undescribed: string[] = [];
    const walk = (part: JsonSchema | undefined, path: string) => {
      for (const [key, inner] of Object.entries(part?.properties ?? {})) {
        const isType = key === 'type';
        const isSection = inner.properties !== undefined;
        if (inner.description === undefined && !isSection && !isType) undescribed.push(`${path}.${key}`);
        walk(inner, `${path}.${key}`);
      }
      if (part?.items !== undefined) walk(part.items, `${path}[]`);
    };
    walk(schema, 'config');
    expect(undescribed).toEqual([]);
  });

  it('knows the keys at a path, also of a route with a name of its own', () => {
    const value = { sites: [{ destinations: { second: { type: 'meta' } } }] };
    expect(keysAt(schema, ['sites', 0, 'destinations', 'second'], value)).toContain('pixel_id');
    expect(keysAt(schema, ['sites', 0, 'destinations', 'second'], value)).toContain('without_consent');
    expect(schemaAt(schema, ['sites', 0, 'destinations', 'second', 'access_token'], value)?.secret).toBe(true);
  });
});
