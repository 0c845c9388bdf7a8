import { BRIDGE_COOKIE } from '../../consent/bridge.ts';
import { nameOf } from '../../consent/platform.ts';
import { PLATFORMS } from '../../consent/platforms/index.ts';
import { GOVERNED, THIS_GATEWAY, type GovernedCookie } from '../../cookies/vendor-cookies.ts';
import { BIT } from '../../core/signals.ts';
import { codes, table } from './markdown.ts';

/** What the cookie table of a site depends on. */
export interface CookieTableInput {
  /** Longest life of analytics and of ad identifiers, in words. */
  readonly analytics: string;
  readonly ads: string;
  readonly ownId: boolean;
  /** Parameters of a landing page whose click ids are kept; undefined = all. */
  readonly clickParams: ReadonlySet<string> | undefined;
  /** Platforms whose cookies are read; undefined = every known one, said in one row. */
  readonly cmp: readonly string[] | undefined;
  /** Banners that the site describes itself: name and cookie. */
  readonly custom: readonly (readonly [name: string, cookie: string])[];
  /** Names the site has given to cookies of its platforms. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Every cookie the gateway reads, sets, shortens or removes: name, who sets it, what the gateway does with it, how long
 * it lives, which consent it needs, and what for. Made from the rules that are in force, so it cannot fall behind.
 */
export function cookieTable(input: CookieTableInput): string[] {
  return table(
    ['cookie', 'set by', 'the gateway', 'lives at most', 'needs', 'what it is for'],
    [
      ...GOVERNED.filter(({ name }) => input.ownId || (name !== 'pv_id' && name !== 'pv_session')).map((rule) =>
        governedRow(rule, input),
      ),
      ...consentRows(input),
    ],
  );
}

/** The page about cookies (`docs/cookies.md`): the table with the default lives, every cookie that can be in it. */
export function cookiesPage(): string {
  return [
    '# Cookies',
    '',
    '<!-- Written by `npm run gen` from the identifiers of each destination, and the rules in src/cookies and src/consent. -->',
    '',
    'Every cookie the gateway sets, reads, shortens or removes. It touches no other. `portvakt docs <config.yaml>` writes the same table with the lives and the consent platforms of one site, for its cookie list.',
    '',
    'A governed cookie that arrives without the signal it needs is read this once, so that what waits of the visitor can be purged, and the answer removes it. `pv_seen` is set whenever an ad cookie that carries no time of its own arrives with consent: without it such a cookie would live on for as long as the tag renews it. A click id of a landing page is kept only where a route of the site reads it. Which platform writes which consent cookie: [consent platforms](consent-platforms.md).',
    '',
    ...cookieTable({
      analytics: '`cookies.analytics` (7 days)',
      ads: '`cookies.ads` (30 days)',
      ownId: true,
      clickParams: undefined,
      cmp: undefined,
      custom: [],
      renamed: new Map(),
    }),
    '',
  ].join('\n');
}

function governedRow(rule: GovernedCookie, { analytics, ads, clickParams }: CookieTableInput): string[] {
  const { name, owner, bit, life, click, purpose } = rule;
  const ours = owner === THIS_GATEWAY;
  const script = `the site's tags (${owner})`;
  const landed = click !== undefined && (clickParams === undefined || clickParams.has(click.param));
  const setBy = ours ? 'the gateway' : landed ? `the gateway on a landing page, or ${script}` : script;
  const cap = bit === BIT.ad_storage ? ads : analytics;
  return [
    `\`${name}\``,
    setBy,
    ours ? 'sets, reads and removes it (HttpOnly)' : 'reads it, shortens its life, removes it without consent',
    life === 'session' ? "its vendor's own limit, a day or two" : `${cap} from first issue`,
    bit === BIT.ad_storage ? '`ad_storage`' : '`analytics_storage`',
    purpose,
  ];
}

function consentRows({ cmp, custom, renamed }: CookieTableInput): string[][] {
  const row = (cookie: string, by: string, purpose: string): string[] => [
    cookie,
    by,
    'reads it, never changes it',
    "the platform's own limit",
    'nothing: it holds the choice itself',
    purpose,
  ];
  const listed = PLATFORMS.filter(({ name, always }) => always === true || cmp?.includes(name) === true);
  const bridged = cmp === undefined || listed.some((platform) => platform.bridged === true);
  return [
    ...(cmp === undefined
      ? [row('consent cookies of every known platform', 'the consent platform', "the visitor's choice")]
      : []),
    ...listed
      .filter(({ cookies }) => cookies.length > 0)
      .map(({ name, title, cookies }) => {
        const own = renamed.get(name);
        const known = cookies.map(nameOf);
        const names = own === undefined ? known : [own, ...known.slice(1)];
        return row(codes(names), `the consent platform (${title})`, "the visitor's choice");
      }),
    ...custom.map(([name, cookie]) => row(`\`${cookie}\``, `the site's banner (\`${name}\`)`, "the visitor's choice")),
    ...(bridged && !listed.some(({ name }) => name === 'bridge')
      ? [
          row(
            `\`${BRIDGE_COOKIE}\``,
            "the gateway's script `/g/consent.js`, or the site",
            "the visitor's choice, for platforms that keep it elsewhere; 180 days",
          ),
        ]
      : []),
  ];
}
