import { bridge } from './bridge.ts';
import { cookieInformation } from './cookie-information.ts';
import { cookiebot } from './cookiebot.ts';
import { oneTrust } from './onetrust.ts';
import type { Platform } from './platform.ts';
import { tcf } from './tcf.ts';
import { vanillaCookieconsent } from './vanilla-cookieconsent.ts';

/** Every platform and standard whose cookies are read. Adding one: its file, and a line here. */
export const PLATFORMS: readonly Platform[] = [
  bridge,
  cookiebot,
  cookieInformation,
  oneTrust,
  tcf,
  vanillaCookieconsent,
];

/** A platform as configuration and documents name it. */
export interface KnownPlatform {
  readonly name: string;
  readonly title: string;
  /** Cookie names, comma-separated; `*` stands for any rest. */
  readonly cookies: string;
  /** Without `consent.mapping.<name>` it grants nothing. */
  readonly needsMapping: boolean;
}

export const knownPlatforms: readonly KnownPlatform[] = PLATFORMS.map(({ name, title, cookies, needsMapping }) => ({
  name,
  title,
  cookies: cookies.join(', '),
  needsMapping: needsMapping === true,
}));
