import { additionalConsent } from '../standards/additional-consent.ts';
import { axeptio } from './axeptio.ts';
import { borlabs } from './borlabs.ts';
import { bridge } from '../bridge.ts';
import { commandersAct } from './commanders-act.ts';
import { consentmanager } from './consentmanager.ts';
import { cookieInformation } from './cookie-information.ts';
import { cookieScript } from './cookie-script.ts';
import { cookiebot } from './cookiebot.ts';
import { cookieHub } from './cookiehub.ts';
import { cookieTractor } from './cookietractor.ts';
import { cookieLawInfo, cookieYes, webToffee } from './cookieyes.ts';
import { didomi } from './didomi.ts';
import { dpCookieConsent } from './dp-cookieconsent.ts';
import { drupal } from './drupal.ts';
import { FLAG_PLATFORMS } from './flag-table.ts';
import { gpp } from '../standards/gpp.ts';
import { hubSpot } from './hubspot.ts';
import { iubenda } from './iubenda.ts';
import { matomoOptOut } from './matomo-opt-out.ts';
import { matomo } from './matomo.ts';
import { civic, evidon, fides, huManity, ketch, klaro, orejime, securiti } from './named-services.ts';
import { oneTrust } from './onetrust.ts';
import { osano, osanoCookieconsent } from './osano.ts';
import { pandectes } from './pandectes.ts';
import { piwikPro } from './piwik-pro.ts';
import { nameOf, type Platform } from '../platform.ts';
import { realCookieBanner } from './real-cookie-banner.ts';
import { shopify } from './shopify.ts';
import { sourcepoint } from './sourcepoint.ts';
import { tarteaucitron } from './tarteaucitron.ts';
import { BRIDGED_PLATFORMS, TCF_PLATFORMS } from '../standards/tcf-platforms.ts';
import { tcf } from '../standards/tcf.ts';
import { tealium } from './tealium.ts';
import { trustArc } from './trustarc.ts';
import { usPrivacy } from '../standards/us-privacy.ts';
import { vanillaCookieconsent } from './vanilla-cookieconsent.ts';
import { complianz, squarespace, wpConsentApi } from '../words.ts';

/** Every platform and standard whose cookies are read, by name. Adding one: its file, and a line here. */
export const PLATFORMS: readonly Platform[] = [
  additionalConsent,
  axeptio,
  borlabs,
  bridge,
  civic,
  commandersAct,
  complianz,
  consentmanager,
  cookieHub,
  cookieInformation,
  cookieLawInfo,
  cookieScript,
  cookieTractor,
  cookieYes,
  cookiebot,
  didomi,
  dpCookieConsent,
  drupal,
  evidon,
  fides,
  gpp,
  hubSpot,
  huManity,
  iubenda,
  ketch,
  klaro,
  matomo,
  matomoOptOut,
  oneTrust,
  orejime,
  osano,
  osanoCookieconsent,
  pandectes,
  piwikPro,
  realCookieBanner,
  securiti,
  shopify,
  sourcepoint,
  squarespace,
  tarteaucitron,
  tcf,
  tealium,
  trustArc,
  usPrivacy,
  vanillaCookieconsent,
  webToffee,
  wpConsentApi,
  ...FLAG_PLATFORMS,
  ...TCF_PLATFORMS,
  ...BRIDGED_PLATFORMS,
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** A platform as configuration and documents name it. */
export interface KnownPlatform {
  readonly name: string;
  readonly title: string;
  /** Cookie names, comma-separated; `*` stands for any rest. Empty: it is read from the bridge cookie. */
  readonly cookies: string;
  /** Without `consent.mapping.<name>` it grants nothing. */
  readonly needsMapping: boolean;
  /** Its purposes cannot be mapped. */
  readonly fixed: boolean;
  /** It is read on every site, because it takes away what it plainly states. */
  readonly always: boolean;
}

export const knownPlatforms: readonly KnownPlatform[] = PLATFORMS.map(
  ({ name, title, cookies, needsMapping, fixed, always }) => ({
    name,
    title,
    cookies: cookies.map(nameOf).join(', '),
    needsMapping: needsMapping === true,
    fixed: fixed === true,
    always: always === true,
  }),
);
