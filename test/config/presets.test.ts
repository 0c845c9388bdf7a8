import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCases } from '../../src/config/cases/index.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { standInKeys } from '../../src/config/cases/case-hit.ts';
import { runCase } from '../../src/config/cases/run-case.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { findings, load } from './support.ts';

const root = join(import.meta.dirname, '../..');
const folders = ['config/presets', 'config/examples'];
const files = folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
const configs = files.filter((file) => !file.endsWith('.test.yaml'));

const read = (file: string) => readFileSync(join(root, file), 'utf8');

function casesOf(file: string) {
  const cases = readCases(read(file), file);
  if ('findings' in cases) throw new Error(JSON.stringify(cases.findings));
  return cases.cases;
}

/** What fails of a file of cases, run against a configuration that may not be the one it was written for. */
function failuresOf(file: string, config: string): string[] {
  const loaded = load(config);
  const gateway = compileGateway(loaded.config, NO_SECRETS);
  const { cases, now = Date.now() } = casesOf(file);
  return cases.flatMap((one) => {
    return runCase(one, gateway, now, standInKeys(loaded.config.sites[0])).map((failure) => `${one.name}: ${failure}`);
  });
}

describe('profiles and examples', () => {
  it.each(configs)('%s has nothing wrong with it, and cases beside it', (file) => {
    expect(findings(read(file)).filter(({ kind }) => kind !== 'note')).toEqual([]);
    expect(files).toContain(file.replace('.yaml', '.test.yaml'));
  });

  it.each(configs)('%s keeps its promises', (file) => {
    const cases = file.replace('.yaml', '.test.yaml');
    expect(casesOf(cases).config).toBe(file.split('/').at(-1));
    expect(failuresOf(cases, read(file))).toEqual([]);
  });

  it.each(['config/gateway.yaml', 'config/demo.yaml'])('%s has nothing wrong with it', (file) => {
    expect(findings(read(file)).filter(({ kind }) => kind !== 'note')).toEqual([]);
  });

  it('says what the law thinks of statistics on legitimate interest and of pings', () => {
    const notes = findings(read('config/presets/legitimate-interest-statistics.yaml'));
    expect(notes.map(({ kind, code }) => `${kind} ${code}`)).toEqual([
      'note vendor',
      'note legal',
      'note legal',
      'note legal',
    ]);
    expect(notes.filter(({ message }) => message.includes('ekomloven § 3-15'))).toHaveLength(2);
    // The ping that goes on after an objection.
    expect(notes.filter(({ message }) => message.includes('GDPR Article 21'))).toHaveLength(1);
  });
});

describe('negative control: a promise that is broken is noticed', () => {
  const strict = read('config/presets/strict.yaml');
  const cases = 'config/presets/strict.test.yaml';

  it.each([
    [
      'statistics before consent',
      strict.replace('analytics: { basis: consent }', 'analytics: { basis: legitimate_interest }'),
    ],
    ['pings before consent', strict.replace('without_consent: block', 'without_consent: limited')],
    ['campaign keys kept', strict.replace('url_query: []', 'url_query: [utm_source]')],
    ['health pages forwarded', strict.replace('"/helse/**", ', '')],
    ['click ids kept for longer', strict.replace('ads: 7d', 'ads: 8d')],
    ['Global Privacy Control not honoured', strict.replace('[gpc, consent-mode]', '[consent-mode]')],
    ['another origin let in', strict.replace('origins: [', 'origins: [https://evil-shop.example, ')],
    ['a vendor taken away', strict.replace(/ {6}meta:[\s\S]*$/, '')],
  ])('%s', (_, config) => {
    expect(config).not.toBe(strict);
    expect(failuresOf(cases, config).length).toBeGreaterThan(0);
  });
});

describe('what is generated', () => {
  it('is as `npm run gen` would write it', () => {
    expect(execFileSync(process.execPath, ['scripts/gen.ts', '--check'], { cwd: root, encoding: 'utf8' })).toBe('');
  });
});
