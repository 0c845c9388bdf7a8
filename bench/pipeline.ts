import { readFileSync } from 'node:fs';
import { process as decide } from '../src/pipeline.ts';
import { outboxRow } from '../src/delivery/rows.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../test/support/hits.ts';
import type { Hit } from '../src/sources/hit.ts';

/**
 * The pure path alone, in this process: hits per second of `process(hit)`, with the rows that would be stored.
 * `node bench/pipeline.ts [--seconds 2]`; prints one JSON line.
 */
const SECONDS = Number(globalThis.process.argv[globalThis.process.argv.indexOf('--seconds') + 1] || 2);

const text = readFileSync(new URL('../config/gateway.yaml', import.meta.url), 'utf8');
const five = gatewayOf(text);
const one = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", region: eu }
`);

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36';
const QUERY = {
  v: '2',
  tid: 'G-TEST000001',
  gtm: '45je61d1v900000001za200',
  _p: '1795169690123',
  gcs: 'G111',
  gcd: '13r3r3r2r5l1',
  npa: '0',
  dma: '1',
  dma_cps: 'syphamo',
  ul: 'nb-no',
  sr: '1440x900',
  are: '1',
  pae: '1',
  frm: '0',
  pscdl: 'noapi',
  _s: '2',
  sct: '4',
  seg: '1',
  dl: 'https://shop.example.no/krus/bla?utm_source=google&utm_medium=cpc&gclid=Cj0KExample_aBc',
  dr: 'https://www.google.com/',
  dt: 'Krus, blå',
  en: 'page_view',
  _et: '28',
  tfd: '4210',
};

/** Hits of many visitors, so that nothing is fast only because it is always the same. */
function hits(choice: Parameters<typeof cookiebot>[0], purchase: boolean): Hit[] {
  return Array.from({ length: 4096 }, (_, i) => {
    const cid = `${482_310_557 + i}.${Math.floor(NOW / 1000) - 86_400}`;
    return webHit(
      {
        ...QUERY,
        cid,
        sid: `${Math.floor(NOW / 1000) - 60}`,
        ...(purchase
          ? {
              en: 'purchase',
              'ep.transaction_id': `T-${i}`,
              cu: 'NOK',
              'epn.value': '599',
              pr1: 'idSKU-1~nmKrus~pr299.5~qt2',
            }
          : {}),
      },
      {
        cookies: `${cookiebot(choice)}; _ga=GA1.1.${cid}`,
        headers: { 'user-agent': AGENT },
        id: i.toString(16).padStart(32, '0'),
      },
    );
  });
}

function measure(gateway: typeof one, list: Hit[]): number {
  const run = (ms: number): number => {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < ms) {
      for (let i = 0; i < 256; i++) {
        const done = decide(list[count++ % list.length] as Hit, gateway);
        if (!('trace' in done)) throw new Error('refused');
        for (const event of done.trace.events) {
          for (const decision of event.routes)
            if (decision.outcome === 'planned') outboxRow(done.trace, event, decision, gateway.policy);
        }
      }
    }
    return (count / (performance.now() - start)) * 1000;
  };
  run(500);
  return Math.round(run(SECONDS * 1000));
}

const all = { preferences: true, statistics: true, marketing: true };
console.log(
  JSON.stringify({
    granted_ga4: measure(one, hits(all, false)),
    statistics_only_ga4: measure(one, hits({ statistics: true }, false)),
    denied_ga4: measure(one, hits({}, false)),
    granted_five_routes: measure(five, hits(all, true)),
    denied_five_routes: measure(five, hits({}, true)),
  }),
);
