import { describe, expect, it } from 'vitest';
import { createWindows } from '../../src/ledger/windows.ts';
import { readUserAgent } from '../../src/privacy/user-agent.ts';
import { cookiebot, NOW, webHit } from '../support/hits.ts';
import { keysFrom, replacing, sent, served } from './replaced-gateway.ts';

// A value that fewer than k visitors of a window have shown is not sent (R2, R7).

const K = 50;
const DAY = 86_400_000;
const STATISTICS = cookiebot({ statistics: true }, NOW - DAY);
const gateway = replacing(`{ rare_below: ${K} }`);
const GENERIC = readUserAgent(undefined).family;

interface Visitor {
  readonly cid: string;
  readonly agent: string;
  readonly language: string;
}

const chrome = (major: number, build: number, system = 'Windows NT 10.0; Win64; x64') =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.${build}.41 Safari/537.36`;
const android = (model: string, major: number) =>
  `Mozilla/5.0 (Linux; Android 14; ${model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.7444.102 Mobile Safari/537.36`;
const firefox = (major: number) => `Mozilla/5.0 (X11; Linux x86_64; rv:${major}.0) Gecko/20100101 Firefox/${major}.0`;
const iphone = (major: number, minor: number) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS ${major}_${minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${major}.${minor} Mobile/15E148 Safari/604.1`;

/** 1,000 visitors, no two User-Agents alike in what is fine about them, spread as browsers are: many of few kinds. */
const visitors: readonly Visitor[] = Array.from({ length: 1_000 }, (_, i) => {
  const cid = `${4_000_000_000 + i * 104_729}.${Math.floor(NOW / 1000) - 7200 - i}`;
  const language =
    i % 10 < 7 ? `nb-NO` : i % 10 === 7 ? 'nn-NO' : i % 10 === 8 ? 'en-GB' : `${'abcdefghij'[i % 7]}x-QX`;
  const agent =
    i % 5 < 2
      ? chrome(142, 7000 + i)
      : i % 5 === 2
        ? android(`SM-${i}`, 142 - (i % 2))
        : i % 5 === 3
          ? iphone(18 + (i % 3), i % 7)
          : i % 10 === 4
            ? firefox(60 + (i % 90))
            : chrome(90 + (i % 53), 4000 + i, 'Macintosh; Intel Mac OS X 10_15_7');
  return { cid, agent, language };
});

const hitOf = ({ cid, agent, language }: Visitor, at = NOW, more: Record<string, string> = {}) =>
  webHit(
    { v: '2', tid: 'G-TEST000001', cid, en: 'page_view', dl: 'https://shop.example.no/', ul: language, sr: '1437x899' },
    { cookies: STATISTICS, at, headers: { 'user-agent': agent, ...more } },
  );

function shown(visitor: Visitor, windows: ReturnType<typeof createWindows>, at = NOW) {
  const { query, agent } = sent(served(hitOf(visitor, at), gateway, windows));
  return { agent, language: query.get('ul') ?? '', screen: query.get('sr') };
}

/** What goes out for each visitor, page view by page view. */
function rounds(count: number) {
  const windows = createWindows(keysFrom(1));
  return Array.from({ length: count }, () => visitors.map((visitor) => shown(visitor, windows)));
}

describe('1,000 visitors, each with a User-Agent of their own', () => {
  const all = rounds(4);
  const last = all.at(-1) ?? [];

  it('are told apart into few browsers only, each with at least k of them', () => {
    const byOutput = Map.groupBy(last, ({ agent, language }) => `${agent}|${language}`);
    expect(byOutput.size).toBeGreaterThan(3);
    expect(byOutput.size).toBeLessThanOrEqual(1_000 / K);
    for (const [output, who] of byOutput) expect([output, who.length >= K]).toEqual([output, true]);
  });

  it('at no moment is a browser or language told that fewer than k visitors had shown by then', () => {
    const holders = new Map<string, Set<number>>();
    for (const round of all) {
      round.forEach(({ agent, language }, i) => {
        const { agent: raw, language: full } = visitors[i] as Visitor;
        const traits: string[] = [];
        if (agent !== GENERIC) traits.push(`agent ${agent}`);
        if (language !== '') traits.push(`language ${language}`);
        if (agent !== GENERIC && language !== '') traits.push(`both ${agent} ${language}`);
        // Counted here anew, from what the visitors before this one really have.
        for (const trait of traits) expect([trait, (holders.get(trait)?.size ?? 0) >= K]).toEqual([trait, true]);
        const family = readUserAgent(raw).family;
        const [primary = ''] = full.toLowerCase().split('-');
        for (const trait of [`agent ${family}`, `language ${primary}`, `both ${family} ${primary}`]) {
          const seen = holders.get(trait) ?? new Set();
          holders.set(trait, seen.add(i));
        }
      });
    }
  });

  it('tells what many share: the rule is not that nothing is told', () => {
    const told = last.filter(({ agent }) => agent !== GENERIC).length;
    expect(told).toBeGreaterThan(600);
    expect(last.some(({ language }) => language === 'nb')).toBe(true);
  });

  it('tells no variant of a language, no screen, no build of a browser', () => {
    for (const { agent, language, screen } of all.flat()) {
      expect(language).not.toMatch(/[-_]|[A-Z]/);
      expect(screen).toBeNull();
      expect(agent).not.toMatch(/SM-|\.0\.[1-9]\d+|7444/);
    }
  });
});

describe('a window', () => {
  const common: Visitor = { cid: '', agent: chrome(142, 1), language: 'nb-NO' };
  const person = (i: number): Visitor => ({ ...common, cid: `${i + 1}.${Math.floor(NOW / 1000) - 3600}` });

  it('begins with everything being rare, and ends so', () => {
    const windows = createWindows(keysFrom(1));
    for (let i = 0; i < K; i++) expect(shown(person(i), windows).agent).toBe(GENERIC);
    expect(shown(person(K), windows).agent).not.toBe(GENERIC);
    expect(shown(person(K), windows, NOW + DAY).agent).toBe(GENERIC);
  });

  it('counts visitors, not their page views', () => {
    const windows = createWindows(keysFrom(1));
    for (let i = 0; i < 10 * K; i++) expect(shown(person(i % (K - 1)), windows).agent).toBe(GENERIC);
  });

  it('does not count who has not consented', () => {
    const windows = createWindows(keysFrom(1));
    for (let i = 0; i < 2 * K; i++) {
      const { headers, ...hit } = hitOf(person(i));
      served({ ...hit, headers: { ...headers, cookie: cookiebot({}) } }, gateway, windows);
    }
    expect(shown(person(0), windows).agent).toBe(GENERIC);
  });

  it('takes in only so many different ones: more of them are rare for good', () => {
    const windows = createWindows(keysFrom(1));
    for (let i = 0; i < 2_500; i++) {
      const language = String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26), 97 + Math.floor(i / 676));
      shown({ ...person(i), agent: '', language }, windows);
    }
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < K; i++) expect(shown({ ...person(i), agent: firefox(140) }, windows).agent).toBe(GENERIC);
    }
  });
});
