import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { majorOnly, readUserAgent } from '../../src/privacy/user-agent.ts';
import { below, digits, pick, random, type Random } from './corpus.ts';

const GENERIC = { family: 'Mozilla/5.0 (compatible)', device: { category: 'other' } };
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome';
const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';

describe('readUserAgent', () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}/131.0.6778.86 Safari/537.36 Edg/131.0.2903.51`,
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}/131.0.0.0 Safari/537.36`,
      { category: 'desktop', browser: 'Edge', browser_version: '131', operating_system: 'Windows' },
    ],
    [
      `Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A) ${CHROME}/131.0.6778.81 Mobile Safari/537.36`,
      `Mozilla/5.0 (Linux; Android 10; K) ${CHROME}/131.0.0.0 Mobile Safari/537.36`,
      { category: 'mobile', browser: 'Chrome', browser_version: '131', operating_system: 'Android' },
    ],
    [
      `Mozilla/5.0 (Linux; Android 13; SM-X700) ${CHROME}/120.0.1.2 Safari/537.36`,
      `Mozilla/5.0 (Linux; Android 10; K) ${CHROME}/120.0.0.0 Safari/537.36`,
      { category: 'tablet', browser: 'Chrome', browser_version: '120', operating_system: 'Android' },
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) ${WEBKIT} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1`,
      `Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) ${WEBKIT} Version/17.0 Mobile/15E148 Safari/604.1`,
      { category: 'mobile', browser: 'Chrome', browser_version: '126', operating_system: 'iOS' },
    ],
    [
      `Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) ${WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1`,
      `Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) ${WEBKIT} Version/16.0 Mobile/15E148 Safari/604.1`,
      { category: 'tablet', browser: 'Safari', browser_version: '16', operating_system: 'iOS' },
    ],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/17.4.1 Safari/605.1.15`,
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/17.0 Safari/605.1.15`,
      { category: 'desktop', browser: 'Safari', browser_version: '17', operating_system: 'macOS' },
    ],
    [
      'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
      'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
      { category: 'desktop', browser: 'Firefox', browser_version: '132', operating_system: 'Linux' },
    ],
    [
      'Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0',
      'Mozilla/5.0 (Android 10; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0',
      { category: 'mobile', browser: 'Firefox', browser_version: '132', operating_system: 'Android' },
    ],
  ])('%s', (ua, family, device) => {
    expect(readUserAgent(ua)).toEqual({ family, device });
  });

  it.each([
    undefined,
    '',
    'curl/8.0',
    'kari@example.no',
    `Mozilla/5.0 (Windows NT 10.0) ${CHROME}/99999.0.0.0 Safari/537.36`,
    `Mozilla/5.0 (Windows NT 10.0; ${'x'.repeat(600)}) ${CHROME}/131.0.0.0 Safari/537.36`,
    '__proto__',
    'constructor/1.0',
  ])('%j is nobody in particular', (ua) => {
    expect(readUserAgent(ua)).toEqual(GENERIC);
  });

  it('leaves a bot recognisable', () => {
    const bot = readUserAgent(
      `Mozilla/5.0 (Linux; Android 6.0.1) ${CHROME}/131.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)`,
    );
    expect(bot).toEqual({ family: 'Mozilla/5.0 (compatible; bot)', device: { category: 'other' } });
  });

  it.each([
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/131.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; AdsBot-Google-Mobile)',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse',
    'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 PTST/240101.1',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36; NewShopBot/1.0 (+https://newshop.example/bot)',
    'Mozilla/5.0 (compatible; GrapeshotCrawler/2.0;  http://www.grapeshot.example/crawler.php)',
    'SklikBot/2.0 (sklik@firma.example)',
  ])('%s is a bot', (ua) => {
    expect(readUserAgent(ua).family).toBe('Mozilla/5.0 (compatible; bot)');
  });

  it.each([
    'CUBOT_P80',
    'M bot 60 Build/NRD90M',
    'Spider X5',
    'CUBOT KINGKONG 9',
    'CUBOT NOTE 50 Build/TP1A.220624.014',
    'Robotics Phone',
    'TALBOT T1',
    'Monitor X2',
    'PREVIEW-7',
    'SPIDERMAN',
    'Crawley 5G',
  ])("a telephone called %s is a person's", (model) => {
    const { family, device } = readUserAgent(
      `Mozilla/5.0 (Linux; Android 14; ${model}) ${CHROME}/142.0.0.0 Mobile Safari/537.36`,
    );
    expect(family).toBe(`Mozilla/5.0 (Linux; Android 10; K) ${CHROME}/142.0.0.0 Mobile Safari/537.36`);
    expect(device).toMatchObject({ category: 'mobile', browser: 'Chrome', browser_version: '142' });
  });

  it('makes few out of many (R7)', () => {
    const next = random(7);
    const outputs = new Map<string, number>();
    const inputs = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      const ua = realistic(next);
      inputs.add(ua);
      const { family } = readUserAgent(ua);
      outputs.set(family, (outputs.get(family) ?? 0) + 1);
    }
    expect(inputs.size).toBeGreaterThan(900);
    // Five systems, at most four major versions each, and the generic one.
    expect(outputs.size).toBeLessThanOrEqual(25);
    expect(Math.min(...outputs.values())).toBeGreaterThanOrEqual(10);
  });

  it('hands nothing of the string on', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { family, device } = readUserAgent(
          `Mozilla/5.0 (Windows NT 10.0; ${text}) ${CHROME}/131.0.0.0 Safari/537.36`,
        );
        const outputs = [
          `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}/131.0.0.0 Safari/537.36`,
          'Mozilla/5.0 (compatible)',
          'Mozilla/5.0 (compatible; bot)',
        ];
        expect(outputs).toContain(family);
        expect(JSON.stringify(device).length).toBeLessThan(120);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Builds, models and point releases as they vary in the wild; four recent versions of each browser. */
function realistic(next: Random): string {
  const major = 128 + below(next, 4);
  const chrome = `${CHROME}/${major}.0.${6000 + below(next, 999)}.${below(next, 200)}`;
  const model = `${pick(next, ['SM-S', 'SM-A', 'Pixel ', 'CPH'])}${digits(next, 3)}B Build/${digits(next, 4)}`;
  const ios = `${15 + below(next, 4)}_${below(next, 7)}_${below(next, 3)}`;
  return pick(next, [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Safari/537.36 Edg/${major}.0.${digits(next, 4)}.${digits(next, 2)}`,
    `Mozilla/5.0 (Linux; Android ${10 + below(next, 6)}; ${model}) ${chrome} Mobile Safari/537.36`,
    `Mozilla/5.0 (iPhone; CPU iPhone OS ${ios} like Mac OS X) ${WEBKIT} Mobile/21F${digits(next, 2)} [FBAN/FBIOS;FBAV/${digits(next, 3)}.0.0;FBDV/iPhone${digits(next, 2)},2]`,
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${chrome} Safari/537.36 OPR/${100 + below(next, 20)}.0.${digits(next, 4)}.${digits(next, 2)}`,
    `CustomApp/${digits(next, 6)} (device ${digits(next, 8)})`,
  ]);
}

describe('majorOnly', () => {
  it.each([
    ['131.0.6778.86', '131'],
    ['17', '17'],
    ['', undefined],
    [undefined, undefined],
    ['0.1', undefined],
    ['131x', undefined],
    ['468.0', undefined],
    ['12345.6', undefined],
  ])('%s is %s', (version, expected) => {
    expect(majorOnly(version)).toBe(expected);
  });
});
