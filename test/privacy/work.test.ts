import { describe, expect, it } from 'vitest';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import type { Problem } from '../../src/protocols/hit.ts';
import { FILLINGS } from '../../bench/fillings.ts';
import { CONFIG } from '../faults/hits.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';

// The work that one request can cause, counted: characters looked at, records, bytes out. A stranger chooses the
// content, so each detector gets the content that is worst for it.

const gateway = gatewayOf(CONFIG);
const cookies =
  cookiebot({ preferences: true, statistics: true, marketing: true }, NOW - 3_600_000) +
  `; _ga=GA1.1.482310557.${NOW / 1000 - 86_400}; _fbp=fb.1.${NOW - 86_400_000}.1098115397`;
const QUERY = { v: '2', tid: 'G-TEST000001', cid: `482310557.${NOW / 1000 - 86_400}`, dl: 'https://shop.example.no/' };

function result(lines: number, filling: string, size: number): { trace?: Trace; problem?: Problem; size: number } {
  const shared: Record<string, string> = { ...QUERY };
  const value = filling.repeat(Math.ceil(1000 / filling.length)).slice(0, 1000);
  const wire = new URLSearchParams({ value }).toString().length;
  for (let i = 0; i === 0 || i * wire < size - wire; i++) shared[`ep.p${i}`] = value;
  if (lines === 1) shared['en'] = 'a';
  const body = lines === 1 ? '' : Array.from({ length: lines }, () => 'en=a').join('\r\n');
  const hit = webHit(shared, { cookies, body });
  return { ...decide(hit, gateway), size: hit.query.length + body.length };
}

describe.each(Object.entries(FILLINGS))('a request full of %s', (_, filling) => {
  it('is looked at a few times, however many lines share it', () => {
    const one = result(1, filling, 28_000);
    const many = result(25, filling, 4_000);
    for (const { trace, size } of [one, many]) {
      expect(trace?.looked).toBeLessThanOrEqual(4 * size);
      expect(trace?.looked).toBeGreaterThan(1000);
    }
    // The same values in 25 events: cleaned once.
    expect(many.trace?.looked).toBeLessThanOrEqual(2 * (result(1, filling, 4_000).trace?.looked ?? 0) + 25 * 200);
  });

  it('does not become many times its size', () => {
    expect(result(25, filling, 26_000).problem).toMatchObject({ status: 413 });
    const { trace } = result(25, filling, 1_000);
    let bytes = 0;
    for (const event of trace?.events ?? []) for (const route of event.routes) bytes += route.plan?.element.length ?? 0;
    expect(bytes).toBeLessThan(4 * 128 * 1024);
  });
});

it('says what to do about a query that is copied too often', () => {
  const { problem } = result(25, 'a', 26_000);
  expect(problem?.detail).toContain('25 lines');
  expect(problem?.detail).toContain('several requests');
});

it('takes an ordinary batch: 25 events behind a query of two thousand characters', () => {
  expect(result(25, 'krus og kar ', 2_000).trace?.events).toHaveLength(25);
});

it('looks at nothing for a visitor who has refused', () => {
  const refused = cookiebot({ preferences: false, statistics: false, marketing: false }, NOW - 3_600_000);
  const done = decide(webHit({ ...QUERY, en: 'a', 'ep.a': 'krus 12345678' }, { cookies: refused }), gateway);
  expect('trace' in done && done.trace.looked).toBe(0);
});

it('counts the events of a back end, too', () => {
  const done = decide(
    jsonHit({ events: [{ name: 'search', params: { search_term: 'krus 12345678' } }] }, { cookies }),
    gateway,
  );
  expect('trace' in done && done.trace.looked).toBeGreaterThan(10);
});
