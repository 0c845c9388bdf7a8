import type { Category } from '../../core/signals.ts';

/** A visitor's answer to the banner: these categories; the others are refused. */
export type Said = readonly Category[];

/** Writes the cookies that a platform leaves after a choice made at `at` (unix milliseconds). */
type Write = (said: Said, at: number) => string;

const SECOND = 1000;

/** Platforms whose cookie a test can write, best known first. Values are made up; the shapes are the platforms' own. */
const WRITERS: readonly (readonly [string, Write])[] = [
  [
    'cookiebot',
    (said, at) =>
      `CookieConsent={stamp:%27dGVzdA==%27%2Cnecessary:true%2Cpreferences:${said.includes('preferences')}%2Cstatistics:${said.includes('statistics')}%2Cmarketing:${said.includes('marketing')}%2Cmethod:%27explicit%27%2Cver:1%2Cutc:${at}%2Cregion:%27no%27}`,
  ],
  [
    'cookie-information',
    (said, at) => {
      const names = {
        preferences: 'cookie_cat_functional',
        statistics: 'cookie_cat_statistic',
        marketing: 'cookie_cat_marketing',
      };
      const approved = ['cookie_cat_necessary', ...said.map((category) => names[category])];
      const denied = Object.values(names).filter((name) => !approved.includes(name));
      const value = {
        user_uid: 'test',
        timestamp: new Date(at).toISOString(),
        consents_approved: approved,
        consents_denied: denied,
      };
      return `CookieInformationConsent=${encodeURIComponent(JSON.stringify(value))}`;
    },
  ],
  [
    'onetrust',
    (said, at) => {
      const bit = (category: Category) => Number(said.includes(category));
      const groups = `C0001:1,C0002:${bit('statistics')},C0003:${bit('preferences')},C0004:${bit('marketing')}`;
      return `OptanonAlertBoxClosed=${new Date(at).toISOString()}; OptanonConsent=isGpcEnabled=0&version=202509.1.0&consentId=test&interactionCount=1&groups=${encodeURIComponent(groups)}&AwaitingReconsent=false`;
    },
  ],
  [
    'bridge',
    (said, at) =>
      `pv_consent=1.p${Number(said.includes('preferences'))}s${Number(said.includes('statistics'))}m${Number(said.includes('marketing'))}.${Math.floor(at / SECOND)}`,
  ],
];

/**
 * The cookies of a choice on a site that reads these platforms; undefined when none of their cookies can be written.
 */
export function cookiesOfChoice(said: Said, at: number, cmp: readonly string[]): string | undefined {
  return WRITERS.find(([name]) => cmp.includes(name))?.[1](said, at);
}
