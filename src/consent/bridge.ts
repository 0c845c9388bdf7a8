import { categorised, perCookie, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';
import { digitsTime } from './text.ts';

/** The one cookie that carries the choice of platforms whose own record a server cannot see. */
export const BRIDGE_COOKIE = 'pv_consent';

const FORMAT = /^1\.p([01])s([01])m([01])\.([0-9]{9,11})$/;

/**
 * The bridge cookie: `1.p0s1m0.1789371065` is version 1, then preferences, statistics and marketing (1 = accepted,
 * 0 = refused), then when the choice was made, unix seconds. Written by `bridgeScript` or by the site's own banner.
 */
export const bridge: Platform = {
  name: 'bridge',
  title: 'Portvakt bridge',
  fixed: true,
  cookies: [BRIDGE_COOKIE],
  read: perCookie((value, context) => {
    const parts = FORMAT.exec(value);
    if (parts === null) return unreadable(context.source);
    const { on, off } = categorised(context, parts[1] === '1', parts[2] === '1', parts[3] === '1');
    return choice(context.source, on, off, { at: digitsTime(parts[4], 1000), version: '1' });
  }),
};

export interface BridgeOptions {
  /** How long the browser keeps the choice, days. Default 180. */
  readonly days?: number;
}

/**
 * The script that a page loads where a server cannot see the platform's own record. It listens to the events of
 * Shopify, Usercentrics, Termly and Sourcepoint, and gives the page `portvaktConsent({preferences, statistics,
 * marketing})`. `data-domain` on the script's element is the cookie's domain. A repeated choice keeps its first
 * time, because some platforms repeat it on every page (docs/consent-platforms.md).
 */
export function bridgeScript({ days = 180 }: BridgeOptions = {}): string {
  const maxAge = Math.floor(days * 86_400);
  return [
    '(()=>{let w=window,d=document,o=d.currentScript?.dataset.domain,b=x=>+(x===!0),',
    `put=(p,s,m)=>{let v='${BRIDGE_COOKIE}=1.p'+b(p)+'s'+b(s)+'m'+b(m)+'.';`,
    'd.cookie.includes(v)||(d.cookie=v+(Date.now()/1e3>>>0)',
    `+';path=/;samesite=lax;max-age=${maxAge}'+(o?';domain='+o:'')`,
    "+(location.protocol[4]=='s'?';secure':''))},",
    'g=w.portvaktConsent=c=>put(c.preferences,c.statistics,c.marketing),t=w.onTermlyLoaded;',
    "d.addEventListener('visitorConsentCollected',({detail:x})=>",
    'put(x.preferencesAllowed,x.analyticsAllowed,x.marketingAllowed&&x.saleOfDataAllowed!==!1));',
    "addEventListener('ucEvent',({detail:x})=>{let c=x.ucCategory;",
    'c&&/^ex/i.test(x.type)&&put(c.functional,c.statistics,c.marketing)});',
    "w.onTermlyLoaded=()=>{t?.();Termly.on('consent',({consentState:x})=>",
    'x&&put(x.performance,x.analytics,x.advertising))};',
    "(w._sp_queue??=[]).push(()=>_sp_.addEventListener('onConsentReady',()=>{let m=w.portvaktPurposes,c={};",
    'm&&_sp_.gdpr?.getCustomVendorConsents(v=>{',
    'for(let n in m)c[m[n]]=c[m[n]]!==!1&&v.consentedPurposes.some(p=>p.name==n);g(c)})}))})();',
  ].join('');
}
