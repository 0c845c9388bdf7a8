import { describe, expect, it } from 'vitest';
import { expectLinear } from '../support/growth.ts';
import { findings } from './support.ts';

// One wrong thing in a file that is right: one finding, on its line, with what to write. Where a slip of the hand is
// meant, what to write is the line as it was.

const RIGHT = `server:
  trusted_proxies: [127.0.0.1/32]
sites:
  - hosts: [metrics.example.no, shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [cookiebot]
      honour: [gpc, consent-mode]
    purposes:
      analytics: { basis: consent }
    privacy:
      ip: none
      url_query: [utm_source, utm_medium]
      never_forward: ["/helse/**"]
    cookies:
      domain: example.no
      analytics: 7d
    destinations:
      ga4:
        measurement_id: G-TEST000001
        api_secret: \${GA4_API_SECRET}
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456", generate_lead: "700123457" }
        credentials: \${GOOGLE_ADS_CREDENTIALS}
      meta:
        pixel_id: "123456789012345"
        access_token: \${META_ACCESS_TOKEN}
      linkedin:
        conversions:
          purchase: "104012"
        access_token: \${LINKEDIN_ACCESS_TOKEN}
delivery:
  max_age: 72h
  max_size: 2GB
limits:
  per_client: 600
`;
const LINES = RIGHT.split('\n');

/** What is said, the note on `npa=1` apart, after one place was changed; the place must be there. */
function after(from: string, to: string) {
  expect(RIGHT).toContain(from);
  const line = RIGHT.slice(0, RIGHT.indexOf(from)).split('\n').length;
  const found = findings(RIGHT.replace(from, () => to)).filter(({ message }) => !message.includes('`npa=1`'));
  return { line, found };
}

it('the file is right', () => expect(after('NO', 'NO').found).toEqual([]));

describe('a slip of the hand: the line as it was', () => {
  it.each([
    ['a tab for an indentation', '    country: NO', '\tcountry: NO'],
    ['a tab behind the dash of a list', '  - hosts', '  -\thosts'],
    ['a dash of typography', '  - hosts', '  \u2013 hosts'],
    ['a bullet', '  - hosts', '  \u2022 hosts'],
    ['the first key of a section one in', '      ga4:', '       ga4:'],
    ['a section one out', '      ga4:', '     ga4:'],
    ['a section two out', '    destinations:', '  destinations:'],
    ['the dash of a list one out', '  - hosts', ' - hosts'],
    ['no dash where a list begins', '  - hosts', '    hosts'],
    ['the one key of a section a level too high', '          purchase: "104012"', '        purchase: "104012"'],
    ['a dash where there is no list', '    country: NO', '    - country: NO'],
    ['a dash before the first section of the file', 'server:', '- server:'],
    ['a semicolon for the colon', 'country: NO', 'country; NO'],
    ['a colon of another alphabet', 'country: NO', 'country\uff1a NO'],
    ['an arrow', 'country: NO', 'country => NO'],
    ['a comma at the end', 'country: NO', 'country: NO,'],
    ['a semicolon at the end', 'country: NO', 'country: NO;'],
    ['no space behind a colon in braces', '{ basis: consent }', '{ basis:consent }'],
    ['no space before a quotation mark in braces', '{ purchase: "700', '{ purchase:"700'],
    ['no colon in braces', '{ purchase: "700', '{ purchase "700'],
    ['no colon before braces', 'conversions: { purchase: "700', 'conversions { purchase: "700'],
    ['an equals sign before braces', 'analytics: { basis', 'analytics = { basis'],
    ['the first key of a section two in', '      cmp: [cookiebot]', '        cmp: [cookiebot]'],
    ['the first key of a section two out', '      cmp: [cookiebot]', '    cmp: [cookiebot]'],
    ['the last key of a section two out', '      honour: [gpc', '    honour: [gpc'],
    ['the last key of a route two out', '        access_token: ${META', '      access_token: ${META'],
    ['a route two out', '      google_ads:', '    google_ads:'],
    ['a route two in', '      meta:', '        meta:'],
    ['an equals sign in braces', '{ basis: consent }', '{ basis=consent }'],
    ['no comma in braces', '"700123456", generate', '"700123456" generate'],
    ['two commas', 'example.no, shop', 'example.no,, shop'],
    ['a bracket too many', '[cookiebot]', '[cookiebot]]'],
    ['a brace that closes a bracket', '[cookiebot]', '[cookiebot}'],
    ['typographic quotation marks', '"1234567890"', '\u201c1234567890\u201d'],
    ['typographic quotation marks in a list', '["/helse/**"]', '[\u201c/helse/**\u201d]'],
    ['a no-break space behind a value', 'country: NO', 'country: NO\u00a0'],
    ['a no-break space in braces', '{ basis: consent }', '{\u00a0basis: consent }'],
    ['a sign of no width in an id', 'G-TEST000001', 'G-TEST000001\u200b'],
    ['a sign of no width in a host', 'metrics.example.no,', 'metrics\u200b.example.no,'],
    ['a soft hyphen in an id', 'G-TEST000001', 'G-TEST\u00ad000001'],
    ['a dash of typography in an id', 'G-TEST000001', 'G\u2013TEST000001'],
    ['a variable of another tool', '${GA4_API_SECRET}', '%GA4_API_SECRET%'],
    ['a tag of another tool', '${GA4_API_SECRET}', '!env GA4_API_SECRET'],
    ['a variable of GitHub', '${GA4_API_SECRET}', '{{ secrets.GA4_API_SECRET }}'],
    ['a block sign', 'country: NO', 'country: | NO'],
  ])('%s', (_, from, to) => {
    const { line, found } = after(from, to);
    expect(found.map((finding) => [finding.line, finding.kind, finding.instead?.trimEnd()])).toEqual([
      [line, 'error', LINES[line - 1]],
    ]);
  });

  it.each([
    ['ga4:', '      ga4:\n', '      - ga4:\n'],
    ['ga4: by its type', '      ga4:\n', '      - type: ga4\n'],
  ])('the first route as the member of a list, %s', (_, from, to) => {
    const { line, found } = after(from, to);
    expect(found.map((finding) => [finding.line, finding.instead])).toEqual([[line, '      ga4:']]);
  });

  it('the keys of a site further in than its first', () => {
    const text = RIGHT.replace(
      /(?<=hosts: .*\n)[^]*?(?=delivery:)/,
      (rest) => rest.replaceAll(/^/gm, '  ').trimEnd() + '\n',
    );
    const found = findings(text);
    expect(found.map(({ line, instead }) => [line, instead])).toEqual([[4, `    ${LINES[3]?.trim()}`]]);
  });

  it('bullets in place of dashes are said once', () => {
    const { line, found } = after('[gpc, consent-mode]', '\n        \u2022 gpc\n        \u2022 consent-mode');
    expect(found.map((finding) => [finding.line, finding.instead])).toEqual([[line + 1, '        - gpc']]);
    expect(found[0]?.message).toContain('one further line too');
  });

  it.each([
    ['a line of JSON', 'country: NO', '"country": "NO",', '    "country": "NO"'],
    ['a path of Windows', 'domain: example.no', 'domain: "C:\\data"', "      domain: 'C:\\data'"],
  ])('%s', (_, from, to, instead) => {
    const { line, found } = after(from, to);
    expect(found.map((finding) => [finding.line, finding.instead])).toEqual([[line, instead]]);
  });

  it('tabs in front of several lines are said once', () => {
    const { line, found } = after(
      '      ga4:\n        measurement_id: G-TEST000001\n        api_secret',
      '\t\t\tga4:\n\t\t\t\tmeasurement_id: G-TEST000001\n\t\t\t\tapi_secret',
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toContain('the next 2 lines too');
    expect(found[0]?.line).toBe(line);
  });

  it('keys beside their section, not in it, are said once, at the first', () => {
    const { line, found } = after(
      '        measurement_id: G-TEST000001\n        api_secret',
      '      measurement_id: G-TEST000001\n      api_secret',
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ line, instead: '        measurement_id: G-TEST000001' });
    expect(found[0]?.message).toContain('`ga4`');
  });

  it('a section with a value beside its key', () => {
    const { line, found } = after('    consent:\n', '    consent: yes\n');
    expect(found.map((finding) => [finding.line, finding.instead])).toEqual([[line, '    consent:']]);
  });

  it('a file that begins with the keys of its site', () => {
    const text = 'hosts: [m.example.no]\norigins: [https://example.no]\ncountry: NO\ndestinations:\n  meta: {}\n';
    const [first, ...more] = findings(text).filter(({ code }) => code !== 'missing-key');
    expect(more).toEqual([]);
    expect(first).toMatchObject({ line: 1, instead: 'sites:\n  - hosts: [m.example.no]' });
  });

  it.each([
    ['one in', '      - a.example.no\n       - b.example.no\n'],
    ['one out', '      - a.example.no\n     - b.example.no\n'],
    ['without its dash', '      - a.example.no\n      b.example.no\n'],
  ])('a member of a list %s', (_, members) => {
    const text = `sites:\n  - hosts:\n${members}    country: NO\n    origins: [https://example.no]\n`;
    const found = findings(text).filter(({ kind }) => kind === 'error');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ line: 4, instead: '      - b.example.no' });
  });
});

it.each([
  ['one in', '          - purchase\n           - refund\n', 1],
  ['three in', '          - purchase\n             - refund\n', 3],
  ['below the text', '          - purchase\n            - refund\n', 2],
])('a member that YAML takes for more words of the one before it: %s', (_, members, off) => {
  const text = RIGHT.replace(
    '      linkedin:',
    () => `        events:\n${members}          - sign_up\n      linkedin:`,
  );
  const found = findings(text);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ line: 32, column: 11 + off, kind: 'error', instead: '          - refund' });
  expect(found[0]?.message).toContain(`${off} space${off === 1 ? '' : 's'} too many`);
});

it.each([
  [
    'tabs',
    (text: string) => text.replaceAll(/^ +/gm, (blanks) => blanks.replaceAll('  ', '\t')),
    2,
    'further lines too',
  ],
  [
    'no-break spaces',
    (text: string) => text.replaceAll(/^ +/gm, (blanks) => blanks.replaceAll(' ', '\u00a0')),
    2,
    'further lines too',
  ],
  ['a fence of Markdown', (text: string) => `\`\`\`yaml\n${text}\`\`\`\n`, 1, 'one further line too'],
])('%s in the whole file are one cause', (_, wrong, line, message) => {
  const found = findings(wrong(RIGHT)).filter(({ code }) => code === 'yaml');
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ line, kind: 'error' });
  expect(found[0]?.message).toContain(message);
});

describe('rules and receivers', () => {
  const file = `sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4:
        measurement_id: G-TEST000001
        params: all
        events:
          - { event: generate_lead, when: { params.form_id: tilbud, value: ">= 10000" }, as: qualify_lead }
          - { event: page_view, when: { page_location: { prefix: "https://shop.example.no/kurs/" } } }
      make:
        type: http
        host: hook.eu1.make.com
        path: /\${MAKE_HOOK}
        needs: [ad_storage, ad_user_data]
        recipient: { name: Celonis, country: CZ, purpose: sales }
        events: [generate_lead]
        fields: [value, currency, email]
        body: json
        timeout: 15s
        map: { email: user.email_sha256, worth: params.value }
`;
  it('the file is right', () => expect(findings(file).filter(({ kind }) => kind !== 'note')).toEqual([]));

  it.each([
    ['a sign of YAML before a number', '">= 10000"', '>= 10000', 11, 'needs quotes'],
    ['no comma in braces', 'tilbud, value', 'tilbud value', 11, 'a comma is missing'],
    ['no name', 'as: qualify_lead', 'as: ""', 11, '`as` is empty'],
    ['a condition that there is not', '{ prefix: "https', '{ regex: "https', 12, '`regex`: no such condition'],
    ['one of another tool', '{ prefix: "https', '{ starts_with: "https', 12, '`{ prefix: text }`'],
    ['a list in braces', 'tilbud, value', '{ tilbud, kontakt }, value', 11, 'a list of values'],
    ['a field that there is not', 'fields: [value, currency, email]', 'fields: [value, currency, e-mail]', 20, 'email'],
    ['no unit', 'timeout: 15s', 'timeout: 15', 22, 'text'],
    ['two lists', '[https://shop.example.no]', '[https://shop.example.no], [https://a.example.no]', 3, 'one pair'],
    ['bars for commas', '[https://shop.example.no]', 'https://shop.example.no | https://a.example.no', 3, 'a list'],
    [
      'quotation marks of typography',
      '"https://shop.example.no/kurs/"',
      '\u00abhttps://shop.example.no/kurs/\u00bb',
      12,
      'straight ones',
    ],
  ])('%s', (_, from, to, line, message) => {
    expect(file).toContain(from);
    const found = findings(file.replace(from, () => to)).filter(({ kind }) => kind === 'error');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ line });
    expect(found[0]?.message).toContain(message);
  });
});

describe('a value that cannot be used: one that can', () => {
  it.each([
    ['hosts', '[metrics.example.no, shop.example.no]', 'shop.example.no', 'a list: [shop.example.no]'],
    [
      'hosts',
      '[metrics.example.no, shop.example.no]',
      'a.example.no, b.example.no',
      'a list: [a.example.no, b.example.no]',
    ],
    ['hosts', 'metrics.example.no,', 'https://metrics.example.no/g/collect,', 'metrics.example.no'],
    ['hosts', 'metrics.example.no,', 'metrics.example.no:8080,', 'metrics.example.no'],
    ['hosts', 'metrics.example.no,', 'Metrics.Example.NO,', 'metrics.example.no'],
    ['hosts', 'metrics.example.no,', 'kj\u00f8p.example.no,', 'xn--kjp-1na.example.no'],
    ['origins', '[https://shop.example.no]', '[shop.example.no]', 'https://shop.example.no'],
    ['origins', '[https://shop.example.no]', '["localhost:3000"]', 'http://localhost:3000'],
    ['origins', '[https://shop.example.no]', '[htps://shop.example.no/kasse]', 'https://shop.example.no'],
    ['cmp', '[cookiebot]', 'cookiebot', 'a list: [cookiebot]'],
    ['cmp', '[cookiebot]', '[optanon]', 'onetrust'],
    ['cmp', '[cookiebot]', '[iab]', 'tcf'],
    ['honour', '[gpc, consent-mode]', 'gpc', 'a list: [gpc]'],
    ['country', 'NO', 'Norge', 'NO'],
    ['country', 'NO', 'nb-NO', 'NO'],
    ['country', 'NO', 'false', 'NO'],
    ['ip', 'ip: none', 'ip: no', 'none'],
    ['never_forward', '["/helse/**"]', '[helse/x]', '/helse/x'],
    ['cookies.domain', 'domain: example.no', 'domain: .example.no', 'example.no'],
    ['cookies.analytics', '7d', '1 week', '7d'],
    ['cookies.analytics', '7d', 'P7D', '7d'],
    ['cookies.analytics', '7d', '2 veckor', '14d'],
    ['cookies.analytics', '7d', '604800', '7d'],
    ['cookies.analytics', '7d', '604800000', '7d'],
    ['cookies.analytics', '7d', '[7d]', '7d'],
    ['max_size', '2GB', '2000000000', '2GB'],
    ['max_size', '2GB', '1.5GB', '1500MB'],
    ['max_size', '2GB', '500 megabytes', '500MB'],
    ['per_client', '600', '"600"', '600'],
    ['per_client', '600', '10/s', '600'],
    ['per_client', '600', 'no', 'off'],
    ['measurement_id', 'G-TEST000001', 'G_TEST000001', 'G-TEST000001'],
    ['measurement_id', 'G-TEST000001', 'https://www.googletagmanager.com/gtag/js?id=G-TEST000001', 'G-TEST000001'],
    ['pixel_id', '"123456789012345"', '123456789012345', '"123456789012345", in quotes'],
    ['conversions', '"104012"', 'urn:lla:llaPartnerConversion:104012', '"104012"'],
    ['a secret', '${META_ACCESS_TOKEN}', '$META_TOKEN', '${META_TOKEN}'],
    ['a secret', '${META_ACCESS_TOKEN}', '${META_TOKEN', '${META_TOKEN}'],
    ['a secret', '${META_ACCESS_TOKEN}', '"{{META_TOKEN}}"', '${META_TOKEN}'],
    ['a secret', '${META_ACCESS_TOKEN}', '{META_TOKEN}', '${META_TOKEN}'],
    ['a secret', '${META_ACCESS_TOKEN}', 'env:META_TOKEN', '${META_TOKEN}'],
    ['a secret', '${META_ACCESS_TOKEN}', '${META_TOKEN:-x}', '${META_TOKEN}'],
    ['a secret', '${META_ACCESS_TOKEN}', 'EAABsbCS1iHgBAKZCZB', '${META_ACCESS_TOKEN}'],
    ['a key under another name', '        pixel_id: ', '        dataset_id: ', 'pixel_id'],
    ['a key under another name', '        access_token: ${META', '        token: ${META', 'access_token'],
    ['a key under another name', '        credentials: ', '        service_account: ', 'credentials'],
    ['a key under another name', '        api_secret: ', '        secret: ', 'api_secret'],
    ['a key under another name', 'hosts: ', 'domains: ', 'hosts'],
    ['a key under another name', 'per_client: ', 'rate_limit: ', 'per_client'],
    ['a key of the section beside', '    country: NO', '    country: NO\n    max_age: 3d', 'the same below `consent:`'],
    ['a day', '        pixel_id: ', '        since: 01.11.2026\n        pixel_id: ', '2026-11-01'],
    ['a day, month first', '        pixel_id: ', '        since: 11/23/2026\n        pixel_id: ', '2026-11-23'],
    ['a day, month first, dashes', '        pixel_id: ', '        since: 11-23-2026\n        pixel_id: ', '2026-11-23'],
    ['a day, year first', '        pixel_id: ', '        since: 2026/11/3\n        pixel_id: ', '2026-11-03'],
    ['a day in words', '        pixel_id: ', '        since: 3. desember 2026\n        pixel_id: ', '2026-12-03'],
    ['an English day', '        pixel_id: ', '        since: "May 3, 2026"\n        pixel_id: ', '2026-05-03'],
    ['Europe', '        api_secret', '        region: europe\n        api_secret', 'eu'],
    ['the EEA, in Norwegian', '        api_secret', '        region: EØS\n        api_secret', 'eu'],
    ['everywhere', '        api_secret', '        region: worldwide\n        api_secret', 'global'],
    ['a word of other tools for a short address', 'ip: none', 'ip: anonymized', 'truncate'],
    ['a word for part of the agent', '      ip: none', '      user_agent: reduced\n      ip: none', 'family'],
    ['all platforms', '[cookiebot]', 'all', 'auto'],
    ['the consent mode by another name', '[gpc, consent-mode]', '[gpc, google-consent-mode]', 'consent-mode'],
    ['a basis alone', '{ basis: consent }', 'consent', '{ basis: consent }'],
    ['a basis in short', '{ basis: consent }', '{ basis: LI }', 'legitimate_interest'],
    ['the last part of an address', 'ip: none', 'ip: last_octet', 'truncate'],
    ['a category in other words', '      honour:', '      mapping: { ga: analytics }\n      honour:', 'statistics'],
    ['a mount path with a slash behind it', '  trusted', '  path_prefix: /sgtm/\n  trusted', '/sgtm'],
    ['a year', 'analytics: 7d', 'analytics: 1 year', '365d'],
    ['hours without their unit', 'max_age: 72h', 'max_age: 72', '72h'],
    ['hours without their unit, as text', 'max_age: 72h', 'dead_letters: "48"', '48h'],
    ['months, of which `m` is none', 'analytics: 7d', 'analytics: 13m', '390d'],
    ['more months than advertising may have', 'analytics: 7d', 'ads: 13m', '90d'],
    ['a route', '      meta:', '      Meta:', 'meta'],
    ['a route', '      linkedin:', '      li:', 'linkedin, or a line `type: linkedin`'],
  ])('%s: %s -> %s', (_, from, to, instead) => {
    const { line, found } = after(from, to);
    // A line that is put in stands behind, or before, the one it is put in at.
    const lines = [line, line + (to.startsWith('    country') ? 1 : 0)];
    expect(found.map((finding) => [finding.kind, finding.instead])).toEqual([['error', instead]]);
    expect(lines).toContain(found[0]?.line);
  });

  it.each([
    ['a file by half its path', '${META_ACCESS_TOKEN}', 'file:secrets/meta', 'its whole path'],
    ['a name', '"123456789012345"', 'Shop pixel', 'a name, not an id'],
    ['an ad account', '"123456789012345"', 'act_123456789', 'an ad account'],
    ['a property number', 'G-TEST000001', '"123456789"', 'the number of a GA4 property'],
    ['the placeholder of an example', 'G-TEST000001', 'G-XXXXXXXXXX', 'the placeholder of an example'],
    ['a key that every object has', '    country: NO', '    country: NO\n    constructor: x', 'known here: hosts'],
    ['a publisher', 'G-TEST000001', 'ca-pub-1234567890', 'AdSense'],
    ['a partner id', 'pixel_id: "', 'partner_id: "1"\n        pixel_id: "', 'partner id'],
    ['a vendor without a destination', '      meta:', '      criteo:', 'there is no destination for `criteo`'],
    ['every host of a domain', 'metrics.example.no,', '"*.example.no",', '`*` is none'],
    ['every page of a domain', '[https://shop.example.no]', '["https://*.example.no"]', '`*` is none'],
    ['an empty label', 'metrics.example.no,', 'metrics..example.no,', 'a host name'],
    ['an unquoted star', '["/helse/**"]', '[**/helse]', 'needs quotes'],
    ['an alias of nothing', '[cookiebot]', '*platforms', 'needs quotes'],
    ['a key that stands twice', '    country: NO', '    country: NO\n    country: SE', '`country` stands twice'],
  ])('%s is named', (_, from, to, message) => {
    const { found } = after(from, to);
    expect(found).toHaveLength(1);
    expect(found[0]?.kind).toBe('error');
    expect(found[0]?.message).toContain(message);
  });

  it.each([
    ['gclid', 'never stays in an address'],
    ['email', 'never stays in an address'],
    ['phone', "a person's data"],
  ])('the query key %s is warned of', (key, message) => {
    const { found } = after('url_query: [utm_source', `url_query: [${key}, utm_source`);
    expect(found.map(({ kind, message: said }) => [kind, said.includes(message)])).toEqual([['warning', true]]);
  });

  it('an id with more digits than numbers hold is not repeated wrongly', () => {
    const { found } = after('"123456789012345"', '12345678901234567891');
    expect(found.map(({ instead }) => instead)).toEqual(['the same in quotes']);
  });

  it.each([
    [
      'a literal in braces',
      '      meta:\n        pixel_id: "123456789012345"\n        access_token: ${META_ACCESS_TOKEN}',
      '      meta: { pixel_id:"123456789012345", access_token: EAABsbCS1iHgBAKZCZB }',
    ],
    [
      'a literal in a list',
      '    country: NO',
      '    country NO\n    ingest_keys:\n      -kJ8s0hshsHHSHs9sK2sPP11223344x',
    ],
    ['a key file', '${GOOGLE_ADS_CREDENTIALS}', '{"type":"service_account","private_key":"EAABsbCS1iHgBAKZCZB"}'],
  ])('never shows what may be a secret: %s', (_, from, to) => {
    const { found } = after(from, to);
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toMatch(/EAABsbCS1|kJ8s0hsh/);
  });
});

describe('names that stand for no event', () => {
  it.each([
    ['*', 'for all of them'],
    ['all', 'for all of them'],
    ['{{event}}', 'not filled in'],
    ['undefined', 'not filled in'],
    ['purchase,refund', 'a list has one member for each'],
    ['add_to_basket', 'did you mean `add_to_cart`?'],
    ['viewProduct', 'did you mean `view_item`?'],
  ])('%s', (name, message) => {
    const { found } = after('        pixel_id', `        events: ["${name}"]\n        pixel_id`);
    expect(found.map(({ kind }) => kind)).toEqual(['warning']);
    expect(found[0]?.message).toContain(message);
  });
});

describe('how the file is written', () => {
  it.each([
    ['UTF-16', Buffer.from(`\ufeff${RIGHT}`, 'utf16le').toString('utf8'), 1, 'UTF-16'],
    ['Latin-1', RIGHT.replace('{ purchase', '{ kj\ufffdp: "1", purchase'), 25, 'not UTF-8'],
    ['a NUL', RIGHT.replace('country: NO', 'country: N\0O'), 6, 'NUL'],
    ['carriage returns alone', RIGHT.replaceAll('\n', '\r'), 1, 'line ends'],
    ['a merge key', RIGHT.replace('analytics: { basis: consent }', '<<: { basis: consent }'), 11, 'merge keys'],
  ])('%s is refused with what to do', (_, text, line, message) => {
    const found = findings(text).filter(({ kind }) => kind === 'error');
    expect(found).toHaveLength(1);
    expect(found[0]?.line).toBe(line);
    expect(found[0]?.message).toContain(message);
  });

  it.each([
    ['a mark of the byte order', `\ufeff${RIGHT}`],
    ['CRLF', RIGHT.replaceAll('\n', '\r\n')],
    ['a document mark', `---\n${RIGHT}`],
  ])('%s is no mistake', (_, text) => {
    expect(findings(text).filter(({ kind }) => kind === 'error')).toEqual([]);
  });

  it('a large file of nothing but mistakes is answered in time that goes with its length', () => {
    expectLinear((lines) => {
      const text = RIGHT + '  x y\n\tz: [\n'.repeat(lines);
      expect(findings(text).length).toBeGreaterThan(0);
      return () => findings(text);
    }, 800);
  });
});

describe('a key without a value', () => {
  // Each of them, whatever stands below it: the line below belongs to no section of it.
  it.each([
    ['country', 'country: NO'],
    ['measurement_id', 'measurement_id: G-TEST000001'],
    ['customer_id', 'customer_id: "1234567890"'],
    ['conversions', 'conversions: { purchase: "700123456", generate_lead: "700123457" }'],
    ['pixel_id', 'pixel_id: "123456789012345"'],
    ['access_token', 'access_token: ${META_ACCESS_TOKEN}'],
    ['ip', 'ip: none'],
    ['domain', 'domain: example.no'],
    ['max_age', 'max_age: 72h'],
  ])('%s is said to be empty, and nothing else', (key, from) => {
    for (const to of [`${key}:`, `${key}: ~`, `${key}: null`]) {
      const { line, found } = after(from, to);
      expect(found.map((finding) => [finding.line, finding.message])).toEqual([
        [line, `\`${key}\` is empty: give it a value, or remove the line`],
      ]);
    }
  });
});

describe('what to write', () => {
  it.each([
    ['a variable where no secret belongs', 'G-TEST000001', '${GA4_ID}', undefined, 'only where a secret belongs'],
    ['the cookie of a platform', '[cookiebot]', '[CookieConsent]', 'cookiebot', ''],
    ['another cookie of a platform', '[cookiebot]', '[OptanonConsent]', 'onetrust', ''],
    ['another name of a platform', '[cookiebot]', '[cookiepro]', 'onetrust', ''],
    ['`auto` in a list', '[cookiebot]', '[auto]', 'cmp: auto', ''],
    [
      'two countries',
      'country: NO',
      'country: NO, SE',
      'the country the site is aimed at, one site entry for each, e.g. `NO`, `SE`, `DE`',
      '',
    ],
    ['everything, where names are listed', '[utm_source, utm_medium]', '"*"', undefined, 'expected a list'],
    ['round brackets', '[gpc, consent-mode]', '(gpc, consent-mode)', 'a list: [gpc, consent-mode]', ''],
    ['a key of a query with its sign', '[utm_source', '["?utm_source"', 'utm_source', 'no key'],
    ['all keys of a query that begin so', '[utm_source', '["utm_*"', undefined, 'no key'],
  ])('%s', (_, from, to, instead, message) => {
    const { line, found } = after(from, to);
    expect(found.map((finding) => [finding.line, finding.instead])).toEqual([[line, instead]]);
    expect(found[0]?.message).toContain(message);
  });

  it('a site that waits for no choice', () => {
    const { line, found } = after('      honour:', '      without_choice: false\n      honour:');
    expect(found.map((finding) => [finding.line, finding.instead])).toEqual([[line, 'denied']]);
  });
});
