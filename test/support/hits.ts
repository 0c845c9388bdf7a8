import { compileGateway } from '../../src/config/compile/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { aesSealing } from '../../src/runtimes/node/process/sealing.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import type { Hit } from '../../src/protocols/hit.ts';

/** When hits of tests happen unless they say otherwise. */
export const NOW = Date.parse('2026-11-23T12:00:00Z');

/** A hit from the shop's page. */
export function webHit(
  query: Readonly<Record<string, string>>,
  more: {
    cookies?: string;
    headers?: Record<string, string>;
    body?: string;
    at?: number;
    id?: string;
    host?: string;
  } = {},
): Hit {
  return {
    id: more.id ?? '0123456789abcdef0123456789abcdef',
    at: more.at ?? NOW,
    method: 'POST',
    path: '/g/collect',
    query: new URLSearchParams(query).toString(),
    host: more.host ?? 'shop.example.no',
    headers: {
      origin: 'https://shop.example.no',
      ...(more.cookies === undefined ? {} : { cookie: more.cookies }),
      ...more.headers,
    },
    body: more.body ?? '',
    peer: '203.0.113.7',
  };
}

/** A JSON hit from the shop's page. */
export function jsonHit(body: unknown, more: Parameters<typeof webHit>[1] = {}): Hit {
  return {
    ...webHit({}, more),
    path: '/v1/events',
    query: '',
    headers: {
      origin: 'https://shop.example.no',
      'content-type': 'application/json',
      ...(more.cookies === undefined ? {} : { cookie: more.cookies }),
      ...more.headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** Cookiebot's cookie for a choice (`consent.md` 1). */
export function cookiebot(
  choice: { preferences?: boolean; statistics?: boolean; marketing?: boolean },
  at = NOW - 3_600_000,
): string {
  const { preferences = false, statistics = false, marketing = false } = choice;
  return `CookieConsent={stamp:%27k5Hr2bVbFoT0qZr1o1Zs9A==%27%2Cnecessary:true%2Cpreferences:${preferences}%2Cstatistics:${statistics}%2Cmarketing:${marketing}%2Cmethod:%27explicit%27%2Cver:1%2Cutc:${at}%2Cregion:%27no%27}`;
}

/** The gateway of a configuration, with stand-in secrets. Throws what is wrong with it. */
export function gatewayOf(text: string, now = NOW, secret = 'a secret of the tests, long enough'): Gateway {
  const loaded = loadConfig(text, 'test.yaml', now);
  if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings, null, 1));
  return compileGateway(loaded.config, {
    value: () => secret,
    rootKey: new Uint8Array(32).fill(7),
    sealing: aesSealing,
  });
}
