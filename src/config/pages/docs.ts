import type { DataClass, FieldName } from '../../core/fields.ts';
import { FIELD_NAMES, FIELDS } from '../../policy/fields.ts';
import { showSecretRef } from '../../core/secret.ts';
import type { Passage } from '../../core/view.ts';
import { GATE_MASK, GATE_STATES, signalsOf, type SignalMask } from '../../core/signals.ts';
import type { Gateway, Route, Site } from '../../policy/gateway.ts';
import type { Permit } from '../../policy/permit.ts';
import { LEFT } from '../../privacy/replaced-event.ts';
import { titleOf } from '../../protocols/doors.ts';
import { cookieTable } from './cookie-table.ts';
import { codes, table } from './markdown.ts';
import { takesOf } from './takes.ts';
import type { Config, SiteConfig } from '../schema.ts';
import { secretsOf } from '../compile/secrets.ts';
import { showDuration } from '../units.ts';

/**
 * The page a privacy officer reads: what each vendor receives under each consent. Read off the permit tables that
 * decide, so it cannot say anything else than what happens.
 */
export function configPage(config: Config, gateway: Gateway): string {
  return [
    '# What this gateway passes on',
    '',
    `Policy \`${gateway.policy}\`. Made by \`portvakt docs\` from the configuration; what is not named here is not sent. A star marks values that are hashed or otherwise prepared before the vendor's module gets them.`,
    '',
    ...gateway.sites.flatMap((site, i) => sitePage(site, config.sites[i] as SiteConfig, config.limits.per_client)),
    '# Delivery',
    '',
    `Events wait at most ${showDuration(config.delivery.max_age)} for a vendor; then they end as expired. Refused events are kept ${showDuration(config.delivery.dead_letters)} for a person to decide. Only data that the tables above allow is ever stored.`,
    '',
    '# Secrets',
    '',
    ...secretsTable(config),
    '',
  ].join('\n');
}

function sitePage(site: Site, config: SiteConfig, perClient: Config['limits']['per_client']): string[] {
  return [
    `# ${site.name}`,
    '',
    ...siteFacts(site, config, perClient).map((fact) => `- ${fact}`),
    '',
    ...site.routes.flatMap((route) => routePage(route, site)),
    '## Cookies',
    '',
    ...cookieFacts(site).map((fact) => `- ${fact}`),
    '',
    ...cookieTable({
      analytics: showDuration(site.cookies.analytics),
      ads: showDuration(site.cookies.ads),
      ownId: site.cookies.ownId,
      clickParams: site.clickParams,
      cmp: config.consent.cmp === 'auto' ? undefined : config.consent.cmp,
      custom: Object.entries(config.consent.custom).map(([name, { cookie }]) => [name, cookie] as const),
      renamed: renamedBy(config),
    }),
    '',
  ];
}

const IP: Readonly<Record<SiteConfig['privacy']['ip'], string>> = {
  none: "The visitor's address is never looked at.",
  country: "Of the visitor's address only the country is kept.",
  truncate: "The visitor's address is cut to /24 (IPv4) or /32 (IPv6): pseudonymous, not anonymous.",
};

/** Counting the requests of each client takes the address, too, in memory. */
function addressFacts(ip: SiteConfig['privacy']['ip'], perClient: Config['limits']['per_client']): string[] {
  if (perClient === 'off') return [IP[ip]];
  return [
    ip === 'none' ? "Nothing of the visitor's address is stored or passed on." : IP[ip],
    'To count how many requests one client sends in a minute, the address becomes a keyed hash in memory, under a key that is made anew every day and never stored.',
  ];
}

const AGENT: Readonly<Record<SiteConfig['privacy']['user_agent'], string>> = {
  drop: 'Nothing about the browser is passed on.',
  family: 'The browser is described by its family and major version only.',
  full: 'The full User-Agent is passed on if every signal that it needs is granted.',
};

const REFERRER: Readonly<Record<SiteConfig['privacy']['referrer'], string>> = {
  none: 'The referring page is not passed on.',
  own: "Of the referring page the path is kept if it is one of the site's own, else nothing.",
  origin: 'Of the referring page only the site is kept.',
  path: 'Of the referring page site and path are kept.',
};

function siteFacts(
  site: Site,
  { privacy, purposes, consent }: SiteConfig,
  perClient: Config['limits']['per_client'],
): string[] {
  const interests = (['analytics', 'ads'] as const).filter((name) => purposes[name].basis === 'legitimate_interest');
  return [
    `For visitors in ${site.country}; consent is ${site.consent.regime}. No readable choice: ${site.consent.withoutChoice}.`,
    `Consent is read from ${consentSources(consent)}; the most restrictive source wins. Signals that can only take away: ${codes(consent.honour) || 'none'}.`,
    ...(site.consent.takesAssertions
      ? [
          'Senders of the Measurement Protocol may state a choice from a record of their own, with its time; the gateway cannot check it. It grants no more than every other source leaves.',
        ]
      : []),
    ...preferenceFacts(site),
    ...(consent.max_age === undefined ? [] : [`A choice older than ${showDuration(consent.max_age)} counts as none.`]),
    ...(interests.length === 0
      ? []
      : [`On legitimate interest, allowed until the visitor objects: ${interests.join(', ')}.`]),
    ...addressFacts(privacy.ip, perClient),
    AGENT[privacy.user_agent],
    `Query keys kept in page addresses: ${codes(privacy.url_query) || 'none'}. ${REFERRER[privacy.referrer]}`,
    ...(privacy.never_forward.length === 0
      ? []
      : [`Events from these paths are not sent to any vendor: ${codes(privacy.never_forward)}.`]),
    ...replacedFacts(site),
  ];
}

function consentSources({ cmp, custom }: SiteConfig['consent']): string {
  const own = Object.entries(custom).map(([name, { cookie }]) => `the site's own banner \`${name}\` (\`${cookie}\`)`);
  const known = cmp === 'auto' ? ['every known platform'] : cmp.length === 0 ? [] : [codes(cmp)];
  return [...known, ...own].join(', ');
}

function preferenceFacts({ consent: { preferences } }: Site): string[] {
  if (preferences.takes === 'cookies') return [];
  const who = preferences.takes === 'trust' ? 'pages and back ends' : 'back ends';
  return [
    `If no record of the banner is read, the categories that ${who} state with their events (\`context.consent\` of Segment's calls) grant their signals; the gateway cannot check them.`,
  ];
}

function replacedFacts({ privacy: { replacedIds: replaced } }: Site): string[] {
  if (replaced === undefined) return [];
  const length = showDuration(replaced.window);
  return [
    `The client id is replaced by a number of ${replaced.bits} bits, which several visitors share. It is used for ${length} at most: its key is in memory only and is destroyed then. Of a session only the hour of its beginning is kept.`,
    'Order numbers, coupons, user ids, user data, click ids, campaign overrides, screen sizes, and custom parameters that a route does not list, are not passed on.',
    `If fewer than ${replaced.rareBelow} visitors within ${length} have a browser, language or country, it is replaced by a generic one or left out.`,
  ];
}

function routePage(route: Route, site: Site): string[] {
  const { destination } = route;
  return [
    `## ${destination.title} (\`${route.name}\`)`,
    '',
    ...(route.bound.about === undefined ? [] : [route.bound.about, '']),
    `Needs ${codes(route.bound.needs)}. Requests go to ${codes(route.bound.hosts)}.` +
      (route.events === undefined ? '' : ` Only these events: ${codes([...route.events])}.`) +
      (route.params === undefined ? '' : ` ${paramsOf(route.params)}`) +
      (route.since === undefined
        ? ''
        : ` Consents older than ${new Date(route.since).toISOString().slice(0, 10)} do not cover it.`) +
      (route.bound.firstAfterMs === 0
        ? ''
        : ` An event waits ${showDuration(route.bound.firstAfterMs)} in the outbox before it is sent; if its visitor withdraws the consent meanwhile, it is not sent.`),
    '',
    ...ruleFacts(route),
    'Of the events that the choice of the visitor allows, it gets:',
    '',
    ...takesOf(route.bound.full, route.limited ? route.bound.limited : undefined, route.rules !== undefined),
    '',
    ...table(
      ['the visitor chose', 'it receives', 'fields'],
      choices(site).map(([choice, signals]) => {
        const permit = route.permits[signals & GATE_MASK] as Permit;
        return [choice, receives(permit), fieldsOf(permit, site)];
      }),
    ),
    '',
    '<details><summary>All states of the four signals</summary>',
    '',
    ...table(['granted', 'it receives', 'number of fields'], allStates(route)),
    '',
    '</details>',
    '',
  ];
}

/** The rules of a route, for people. */
function ruleFacts({ rules, permits, destination: { title } }: Route): string[] {
  if (rules === undefined) return [];
  const asked = [...(rules.under[GATE_MASK]?.values() ?? [])].flatMap((all) =>
    all.rules.flatMap((one) => one.conditions),
  );
  const sent = new Set(permits[GATE_MASK]?.open.map(({ field }) => field));
  const unsent = new Set(
    asked
      .filter(({ field }) => !sent.has(field))
      .map(({ field, param }) => (param === undefined ? field : `${field}.${param}`)),
  );
  const only =
    unsent.size === 0
      ? ''
      : ` They look at ${codes([...unsent])}, which ${title} does not get and which is not stored for it. ${title} can only conclude which rule applied.`;
  return [
    `Rules decide which of them it gets, in this order. If several apply to one event, it is sent for each of them, once under one name. Rules are applied only to events that the visitor's choice allows for ${title}.${only}`,
    '',
    ...rules.variants.map(({ rule }) => `${rule?.place}. ${rule?.words ?? ''}`),
    '',
  ];
}

function paramsOf(names: ReadonlySet<string>): string {
  return names.size === 0 ? 'No custom parameters.' : `Only these custom parameters: ${codes([...names])}.`;
}

/** What people choose in a banner, as signals of this site. */
function choices({ consent: { categories, withoutChoice, regime }, legitimateInterest }: Site): [string, SignalMask][] {
  const all = categories.preferences | categories.statistics | categories.marketing;
  const silence = regime === 'opt-out' && withoutChoice === 'granted' ? all : legitimateInterest;
  return [
    ['nothing yet', silence],
    ['to refuse everything', 0],
    ['statistics only', categories.statistics],
    ['marketing only', categories.marketing],
    ['everything', all],
  ];
}

function receives({ verdict, sources }: Permit): string {
  if (verdict === 'blocked') return '**nothing**';
  if (verdict === 'full') return 'the event';
  const only = sources === undefined ? '' : ` (${sources.map(titleOf).join(', ')} only)`;
  return `a form that identifies nobody${only}`;
}

/** Fields that the site's privacy settings never let come into being. */
function absent({ privacy }: Site): readonly FieldName[] {
  return [
    ...(privacy.ip === 'truncate' ? [] : (['ip'] as const)),
    ...(privacy.ip === 'country' ? [] : (['country'] as const)),
    ...(privacy.userAgent === 'full' ? [] : (['user_agent', 'client_hints'] as const)),
    ...(privacy.userAgent === 'drop' ? (['user_agent_family', 'device'] as const) : []),
    ...(privacy.replacedIds === undefined ? [] : FIELD_NAMES.filter((name) => !LEFT.has(name))),
  ];
}

function shown({ field, from, as, sealed }: Passage): string {
  return sealed ? `${from} **in the clear**` : `${field}${as === undefined ? '' : '\\*'}`;
}

/** Field names by data class; a star marks what is hashed or otherwise prepared first. */
function fieldsOf({ open }: Permit, site: Site): string {
  const never = absent(site);
  const byClass = Map.groupBy(
    open.filter(({ field }) => !never.includes(field)),
    ({ field }): DataClass => FIELDS[field].class,
  );
  return [...byClass]
    .map(([dataClass, fields]) => `**${dataClass.replace('_', ' ')}**: ${fields.map(shown).join(', ')}`)
    .join('; ');
}

function allStates({ permits }: Route): string[][] {
  return Array.from({ length: GATE_STATES }, (_, signals) => {
    const permit = permits[signals] as Permit;
    return [codes(signalsOf(signals)) || 'nothing', receives(permit), String(permit.open.length)];
  });
}

function cookieFacts({ cookies }: Site): string[] {
  return [
    `Analytics identifiers (\`_ga\`, ...) live at most ${showDuration(cookies.analytics)} from their first issue, and are never extended.`,
    `Click and advertising identifiers (\`_gcl_*\`, \`_fbp\`, \`_fbc\`, ...) live at most ${showDuration(cookies.ads)}.`,
    cookies.ownId
      ? "`pv_id`: the gateway's own visitor id, and `pv_session`, the visit, for pages without a tag of Google: HttpOnly, only while analytics is granted."
      : 'The gateway sets no visitor id of its own.',
    'A cookie that arrives without its consent is expired with the answer.',
  ];
}

/** Cookies of consent platforms that the site has renamed. */
function renamedBy({ consent: { mapping } }: SiteConfig): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(mapping).flatMap(([platform, section]) =>
      typeof section === 'object' && 'cookie' in section && section.cookie !== undefined
        ? [[platform, section.cookie] as const]
        : [],
    ),
  );
}

function secretsTable(config: Config): string[] {
  const secrets = secretsOf(config);
  if (secrets.length === 0) return ['None.'];
  return table(
    ['reference', 'for'],
    secrets.map(({ ref, use }) => [`\`${showSecretRef(ref)}\``, use]),
  );
}
