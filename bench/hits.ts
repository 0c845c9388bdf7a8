/** The requests every contestant gets, and the configurations of the gateway. All values are made up. */

export interface BenchRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const ORIGIN = 'https://shop.example.no';
const STREAM = 'G-TEST000001';
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36';

/** A shop with GA4 alone. */
export const GA4_ONLY = `
sites:
  - hosts: [shop.example.no, 127.0.0.1]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: ${STREAM}, region: eu }
`;

/**
 * `denied` is a visitor who said no and has no identifier of ours or a vendor's; `withdrawn` is one who still has a
 * `_ga` from before, which is read once more for the withdrawal, and expired.
 */
export type Choice = 'granted' | 'statistics' | 'denied' | 'withdrawn';

/** Cookiebot's cookie for a choice. */
function consentCookie(choice: Choice, at: number): string {
  const statistics = choice === 'granted' || choice === 'statistics';
  const marketing = choice === 'granted';
  return `CookieConsent={stamp:%27k5Hr2bVbFoT0qZr1o1Zs9A==%27%2Cnecessary:true%2Cpreferences:${statistics}%2Cstatistics:${statistics}%2Cmarketing:${marketing}%2Cmethod:%27explicit%27%2Cver:1%2Cutc:${at}%2Cregion:%27no%27}`;
}

const CONSENT_MODE = {
  granted: { gcs: 'G111', gcd: '13r3r3r2r5l1', npa: '0' },
  statistics: { gcs: 'G101', gcd: '13q3r3q2q5l1', npa: '1' },
  denied: { gcs: 'G100', gcd: '13q3q3q2q5l1', npa: '1' },
  withdrawn: { gcs: 'G100', gcd: '13q3q3q2q5l1', npa: '1' },
} as const;

export interface HitOptions {
  readonly choice: Choice;
  /** Lines of the body; 1 = the event is in the query and the body is empty, as gtag does it. */
  readonly events?: number;
  /** What a purchase of a visitor who came from ads looks like: every route has something to send. */
  readonly purchase?: boolean;
}

/** Hits of `count` different visitors, as gtag.js sends them. */
export function webHits(count: number, { choice, events = 1, purchase = false }: HitOptions): BenchRequest[] {
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  return Array.from({ length: count }, (_, i) => {
    const cid = `${482_310_557 + i}.${seconds - 86_400}`;
    const shared = new URLSearchParams({
      v: '2',
      tid: STREAM,
      gtm: '45je61d1v900000001za200',
      _p: String(now + i),
      ...CONSENT_MODE[choice],
      dma: '1',
      dma_cps: 'syphamo',
      cid,
      ul: 'nb-no',
      sr: '1440x900',
      are: '1',
      pae: '1',
      frm: '0',
      pscdl: 'noapi',
      _s: '2',
      sid: String(seconds - 60),
      sct: '4',
      seg: '1',
      dl: 'https://shop.example.no/krus/bla?utm_source=google&utm_medium=cpc',
      dr: 'https://www.google.com/',
      dt: 'Krus, blå',
      tfd: '4210',
    });
    const event = purchase
      ? 'en=purchase&_et=28&cu=NOK&epn.value=599&pr1=idSKU-1~nmKrus~pr299.5~qt2'
      : 'en=page_view&_et=28';
    const ads = purchase
      ? `; _fbp=fb.1.${now - 86_400_000}.1098115397; _fbc=fb.1.${now - 86_400_000}.IwAR2Example${i}; _gcl_aw=GCL.${seconds - 86_400}.Cj0KExample${i}; li_fat_id=0a1b2c3d-0000-4000-8000-${String(i).padStart(12, '0')}; _uetmsclkid=_uet${(i + 1).toString(16).padStart(32, '0')}`
      : '';
    const lines = Array.from({ length: events }, () => event).join('\r\n');
    return {
      method: 'POST',
      path: `/g/collect?${shared.toString()}${events === 1 ? `&${event}` : ''}`,
      headers: {
        Host: 'shop.example.no',
        Origin: ORIGIN,
        'User-Agent': AGENT,
        Accept: '*/*',
        'Accept-Language': 'nb-NO,nb;q=0.9',
        'Content-Type': 'text/plain;charset=UTF-8',
        'Sec-Fetch-Site': 'same-site',
        Cookie: `${consentCookie(choice, now - 3_600_000)}${choice === 'denied' ? '' : `; _ga=GA1.1.${cid}`}${ads}`,
      },
      body: events === 1 ? '' : lines,
    };
  });
}
