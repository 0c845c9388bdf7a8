import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, constantFrom, nat, pre, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../../src/config/lint/yaml-mistakes.ts';
import { findings } from './support.ts';

// Usual typing mistakes in YAML: one finding for one cause, on its own line, with the correct line. The correct line is
// known, because each mistake is put into a correct file.

const root = join(import.meta.dirname, '../..');
const sound = ['config', 'config/presets', 'config/examples', 'test/fixtures/contract']
  .flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.yaml'));

const lines = `sites:
  - hosts: [metrics.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [cookiebot]
    destinations:
      ga4:
        measurement_id: G-TEST000001
        api_secret: \${S}
        region: eu
delivery:
  max_age: 72h`.split('\n');

/** The text with line `number` (1-based) replaced, and what is said of it. */
function mistyped(number: number, line: string) {
  return findings(lines.map((each, i) => (i === number - 1 ? line : each)).join('\n'));
}

describe('sound files', () => {
  it('are found', () => expect(sound.length).toBeGreaterThan(8));
  it.each(sound)('%s has no mistakes', (file) => {
    expect(mistakesIn(readFileSync(join(root, file), 'utf8'))).toEqual([]);
  });
});

describe('one finding, on the line of the mistake, with what to write', () => {
  it.each([
    ['a tab', 11, '\t\t\t\tregion: eu', 'tab'],
    ['a tab behind spaces', 11, '      \tregion: eu', 'tab'],
    ['a space too many', 11, '         region: eu', '1 space too many'],
    ['a space too few', 11, '       region: eu', '1 space too few'],
    ['a space too few on the first line of a section', 9, '       measurement_id: G-TEST000001', '1 space too few'],
    ['two spaces too many', 4, '      country: NO', '2 spaces too many'],
    ['no colon', 11, '        region eu', 'colon behind the key is missing'],
    ['no colon behind a section', 8, '      ga4', 'colon behind the key is missing'],
    ['no space behind the colon', 11, '        region:eu', 'needs a space'],
    ['an equals sign', 11, '        region = eu', 'not by `=`'],
    ['a placeholder of another tool', 10, '        api_secret: {{S}}', '`${NAME}`'],
    ['one with spaces, in quotes', 10, '        api_secret: "{{ S }}" x', '`${NAME}`'],
    ['no-break spaces', 11, `${'\u00a0'.repeat(8)}region: eu`, 'copied'],
    ['a no-break space behind the colon', 11, '        region:\u00a0eu', 'copied'],
    ['a sign of no width', 11, '        \u200bregion: eu', 'copied'],
    ['a list that is not closed', 6, '      cmp: [cookiebot', 'never closed'],
    ['a quotation mark that is not closed', 9, '        measurement_id: "G-TEST000001', 'never closed'],
    ['a dash without a space', 2, '  -hosts: [metrics.example.no]', 'needs a space'],
    ['a colon in a value', 11, '        region: eu: west', 'needs quotes'],
    ['a reserved sign', 4, '    country: @NO', 'needs quotes'],
  ])('%s', (_, number, line, message) => {
    const found = mistyped(number, line);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ line: number, kind: 'error', code: 'yaml' });
    expect(found[0]?.message).toContain(message);
    expect(found[0]?.instead).toBeDefined();
  });

  it('any slip of a key, anywhere in a file', () => {
    const slips: readonly ((line: string) => string)[] = [
      (line) => ` ${line}`,
      (line) => line.replace(/^ /, ''),
      (line) => line.replace(/^ {2}/, '\t'),
      (line) => line.replace(/:(?= |$)/, ''),
      (line) => line.replace(': ', ':'),
      (line) => line.replace(/^ /, '\u00a0'),
      (line) => line.replace(': ', ' = '),
    ];
    let refused = 0;
    assert(
      property(nat(lines.length - 1), constantFrom(...slips), (at, slip) => {
        const right = lines[at] as string;
        const wrong = slip(right);
        const found = mistyped(at + 1, wrong).filter(({ code }) => code === 'yaml');
        // Where YAML takes the slip for something else that is sound, the schema has its say instead.
        pre(wrong !== right && found.length > 0);
        refused++;
        expect(found).toHaveLength(1);
        expect(found[0]).toMatchObject({ line: at + 1, instead: right });
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('two mistakes are two findings', () => {
    const text = lines.map((line, i) => (i === 3 ? line.replace(':', '') : i === 10 ? `\t${line}` : line)).join('\n');
    expect(findings(text).map(({ line }) => line)).toEqual([4, 11]);
  });

  it('never shows what may be a secret', () => {
    const [found] = mistyped(10, '        api_secret s3cr3tv4lu3');
    expect(JSON.stringify(found)).not.toContain('s3cr3tv4lu3');
    expect(found?.instead?.trim()).toBe('api_secret: ...');
  });
});

describe('what another program has put into the file', () => {
  it('a merge that is not finished is said once, where it begins', () => {
    const text = lines
      .with(10, '<<<<<<< HEAD\n        region: eu\n=======\n        region: global\n>>>>>>> main')
      .join('\n');
    expect(findings(text)).toMatchObject([{ line: 11, code: 'yaml' }]);
    expect(findings(text)[0]?.message).toContain('a merge is not finished');
  });

  it.each([
    ['a mail', (line: string) => `> ${line}`, '`>`'],
    ['a comparison', (line: string) => `+${line}`, '`+`'],
    ['numbers of lines', (line: string, i: number) => `${String(i + 1).padStart(4)}: ${line}`, 'its number'],
    ['numbers of lines and a tab', (line: string, i: number) => `${String(i + 1).padStart(6)}\t${line}`, 'its number'],
  ])('%s', (_, before, shows) => {
    const found = findings(lines.map(before).join('\n'));
    expect(found).toMatchObject([{ line: 1, code: 'yaml' }]);
    expect(found[0]?.message).toContain(`each line begins with ${shows}`);
  });
});

describe('what only the parser sees', () => {
  it.each([
    ['a key that stands twice', [...lines, '  max_age: 1h'], 14, 'stands twice'],
    ['a second document', [...lines, '---', 'sites: []'], 14, 'several documents'],
  ])('%s', (_, text, line, message) => {
    const found = findings(text.join('\n'));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ line, code: 'yaml' });
    expect(found[0]?.message).toContain(message);
  });
});
