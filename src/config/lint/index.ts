import { parseCidrs } from '../../privacy/ip.ts';
import { personalParam } from '../../privacy/url/click-ids.ts';
import { keyName, saysPersonal } from '../../privacy/url/keys.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import { legalNotes } from '../pages/legal.ts';
import { lintConsent } from './lint-consent.ts';
import { lintSenders } from './lint-senders.ts';
import { lintReplacedIds } from './lint-replaced-ids.ts';
import { lintRoutes } from './lint-routes.ts';
import { DAY, showDuration } from '../units.ts';
import { ADS_CAP, ANALYTICS_CAP, type Config, type SiteConfig } from '../schema.ts';

const HOUR = 3_600_000;

/**
 * What is wrong or doubtful in a configuration whose values can all be read. A setting that would be ignored, or that
 * contradicts another one, is an error, because it would have no effect, and that is easily overlooked.
 * @param now unix milliseconds.
 */
export function lint(config: Config, now: number): Remark[] {
  return [
    ...lintServer(config),
    ...lintHosts(config),
    ...config.sites.flatMap((site, i) => {
      const path = ['sites', i];
      return [
        ...lintSite(site, path),
        ...lintSenders(site, path),
        ...lintQuery(site, [...path, 'privacy', 'url_query']),
        ...lintReplacedIds(site, path),
        ...lintConsent(site, [...path, 'consent']),
        ...lintCookies(site, [...path, 'cookies']),
        ...lintRoutes(site, [...path, 'destinations'], now),
        ...legalNotes(site, path),
      ];
    }),
    ...lintDelivery(config),
    ...lintWaits(config),
  ];
}

function lintServer({ server, limits, sites }: Config): Remark[] {
  const remarks: Remark[] = [];
  server.trusted_proxies.forEach((range, i) => {
    const path = ['server', 'trusted_proxies', i];
    try {
      parseCidrs([range]);
    } catch {
      remarks.push({ kind: 'error', code: 'value', path, message: `\`${range}\` is not an address or a CIDR range` });
      return;
    }
    if (range.endsWith('/0')) {
      remarks.push(suspicious(path, 'this believes X-Forwarded-For from anybody: every visitor can claim any address'));
    }
  });
  if (server.country_header !== undefined && server.trusted_proxies.length === 0) {
    remarks.push(
      contradiction(
        ['server', 'country_header'],
        'the header is believed from trusted proxies only, and there are none',
        'trusted_proxies: [<CIDR ranges of the proxy>]',
      ),
    );
  }
  if (limits.per_client !== 'off' && server.trusted_proxies.length === 0) {
    remarks.push(
      suspicious(
        ['limits', 'per_client'],
        'no proxy is named, so requests are counted by the address of the connection: behind a proxy or load balancer all visitors share one account. Name it in `server.trusted_proxies`, or take no notice where browsers connect to the gateway itself',
      ),
    );
  }
  sites.forEach((site, i) => {
    if (site.privacy.ip === 'country' && server.country_header === undefined) {
      remarks.push(
        contradiction(
          ['sites', i, 'privacy', 'ip'],
          'nothing says which country a visitor is in',
          '`server.country_header` beside it, or `ip: none`',
        ),
      );
    }
  });
  return remarks;
}

/** The host decides which site answers, so a host can belong to one site only. */
function lintHosts({ sites }: Config): Remark[] {
  const remarks: Remark[] = [];
  for (const key of ['hosts', 'origins'] as const) {
    const seen = new Map<string, number>();
    sites.forEach((site, i) => {
      site[key].forEach((name, j) => {
        const first = seen.get(name);
        seen.set(name, first ?? i);
        if (first === undefined) return;
        const path = ['sites', i, key, j];
        if (first === i) remarks.push(suspicious(path, `\`${name}\` is listed twice`));
        else if (key === 'hosts')
          remarks.push(contradiction(path, `\`${name}\` belongs to another site already (${sites[first]?.hosts[0]})`));
        else
          remarks.push(
            suspicious(path, `pages of \`${name}\` may send to another site already (${sites[first]?.hosts[0]})`),
          );
      });
    });
  }
  return remarks;
}

function lintSite(site: SiteConfig, path: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  site.origins.forEach((origin, i) => {
    if (origin.startsWith('http://') && !isLoopback(new URL(origin).hostname)) {
      remarks.push(
        suspicious(
          [...path, 'origins', i],
          'a page without TLS: anybody on the way can read and change what it sends',
          origin.replace('http:', 'https:'),
        ),
      );
    }
  });
  if (site.destinations.size === 0) {
    remarks.push(suspicious([...path, 'hosts'], 'this site has no destinations: its events go nowhere'));
  }
  return remarks;
}

/** Query keys that are listed to stay, and do not or should not. */
function lintQuery({ privacy }: SiteConfig, path: ConfigPath): Remark[] {
  return privacy.url_query.flatMap((key, i) => {
    const name = keyName(key);
    if (personalParam(name) !== undefined)
      return [
        suspicious([...path, i], `\`${key}\` names a click or a person, and never stays in an address: take it out`),
      ];
    if (/[*?]/.test(key)) {
      const meant = key.replace(/^\?/, '');
      const message = `\`${key}\` is the name of no key: each is named by itself, without a sign`;
      return [suspicious([...path, i], message, meant.includes('*') ? undefined : meant)];
    }
    if (!saysPersonal(name)) return [];
    return [
      suspicious([...path, i], `\`${key}\` says that a person's data stands behind it, and it stays in every address`),
    ];
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A life of some minutes: who writes `13m` means months, as in the papers of vendors. */
function tooShort(life: number, cap: number, path: ConfigPath): Remark {
  const months = life / MINUTE;
  if (!Number.isInteger(months) || months > MOST_MONTHS)
    return contradiction(path, 'an identifier lives at least an hour', '1h');
  const days = Math.min(months * 30, cap / DAY);
  return contradiction(
    path,
    'an identifier lives at least an hour; `m` is minutes, and months are written in days',
    `${days}d`,
  );
}

const MINUTE = 60_000;
const MOST_MONTHS = 36;

function lintCookies({ cookies, hosts }: SiteConfig, path: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  const bounds = [
    ['analytics', ANALYTICS_CAP, '400d'],
    ['ads', ADS_CAP, '90d'],
  ] as const;
  for (const [key, cap, text] of bounds) {
    if (cookies[key] > cap)
      remarks.push(contradiction([...path, key], `an identifier of this class lives at most ${text}`, text));
    if (cookies[key] < HOUR) remarks.push(tooShort(cookies[key], cap, [...path, key]));
  }
  const { domain } = cookies;
  if (domain !== undefined) {
    const at = [...path, 'domain'];
    if (!domain.includes('.'))
      remarks.push(contradiction(at, 'no browser takes a cookie for a whole top-level domain'));
    else if (!hosts.some((host) => host === domain || host.endsWith(`.${domain}`))) {
      remarks.push(
        contradiction(at, 'no host of the site is this domain or below it: browsers would refuse the cookies'),
      );
    }
  }
  return remarks;
}

/** An event that expires before it may be sent is never sent. */
function lintWaits({ delivery, sites }: Config): Remark[] {
  return sites.flatMap(({ destinations }, i) =>
    [...destinations].flatMap(([name, { destination, settings }]) => {
      const { firstAfterMs } = destination.bind(settings);
      const maxAge = Math.min(delivery.max_age, destination.maxAge);
      if (firstAfterMs < maxAge) return [];
      return [
        contradiction(
          ['sites', i, 'destinations', name],
          `events wait at least ${showDuration(firstAfterMs)} before they are sent, and expire after ${showDuration(maxAge)}: no event would ever be sent`,
          'a shorter wait, or a longer `delivery.max_age` if the vendor takes older events',
        ),
      ];
    }),
  );
}

function lintDelivery({ delivery, server }: Config): Remark[] {
  const remarks: Remark[] = [];
  if (delivery.outbox !== 'sqlite' && server.root_key === undefined) {
    remarks.push(
      contradiction(
        ['delivery', 'outbox'],
        'gateways that share an outbox need the same key, or none finds what another has stored',
        '`server.root_key: ${PORTVAKT_ROOT_KEY}` beside it',
      ),
    );
  }
  if (delivery.max_age < 60_000) {
    remarks.push(contradiction(['delivery', 'max_age'], 'every event would expire before it is sent', '72h'));
  }
  if (delivery.max_size < 1_000_000) {
    remarks.push(contradiction(['delivery', 'max_size'], 'the outbox needs at least 1MB', '2GB'));
  }
  return remarks;
}
