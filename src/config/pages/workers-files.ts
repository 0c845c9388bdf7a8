import { EEA } from '../../core/countries.ts';
import type { Config } from '../schema.ts';

/** What `portvakt build` was asked for beside the configuration. */
export interface DeploymentOptions {
  /** Name of the worker. */
  readonly name: string;
  /** The zone all hosts are in; undefined = Cloudflare finds it by the host. */
  readonly zone: string | undefined;
  /** Where outboxes are kept; undefined = anywhere. */
  readonly jurisdiction: string | undefined;
  /** SHA-256 of `worker.js`. */
  readonly hash: string;
  readonly version: string;
}

/** Below these paths a tag, a page or a back end asks; the README says what each is for. */
const MOUNTED = ['/g/*', '/_/*', '/ccm/*', '/d/ccm/*', '/as/*', '/gs/*', '/v1/*', '/mp/*', '/debug/mp/*'];
/** Names of this machine, which are in a configuration for trying it out. */
const ON_MACHINE = /^[\d.]+$|[:[]|^localhost$/;
/** From this day on the runtime behaves as it was tested. */
const COMPATIBILITY = '2026-10-01';

/** Where outboxes are kept by default: in the EU where every site is for the EEA. */
export function usualJurisdiction({ sites }: Config): string | undefined {
  return sites.every(({ country }) => EEA.has(country)) ? 'eu' : undefined;
}

/** Hosts that are not in the zone. */
export function outsideZone({ sites }: Config, zone: string): readonly string[] {
  return sites
    .flatMap(({ hosts }) => hosts)
    .filter((host) => !ON_MACHINE.test(host) && host !== zone && !host.endsWith(`.${zone}`));
}

/** `wrangler.jsonc`. */
export function wranglerConfig(config: Config, { name, zone, jurisdiction }: DeploymentOptions): string {
  const prefix = config.server.path_prefix ?? '';
  const paths = prefix === '' ? MOUNTED : [`${prefix}/*`];
  const patterns = config.sites.flatMap((site) =>
    site.hosts.filter((host) => !ON_MACHINE.test(host)).flatMap((host) => paths.map((path) => `${host}${path}`)),
  );
  const settings = {
    name,
    main: 'worker.js',
    no_bundle: true,
    find_additional_modules: true,
    rules: [{ type: 'ESModule', globs: ['config.js'] }],
    compatibility_date: COMPATIBILITY,
    workers_dev: false,
    preview_urls: false,
    routes: zone === undefined ? patterns : patterns.map((pattern) => ({ pattern, zone_name: zone })),
    durable_objects: { bindings: [{ name: 'OUTBOX', class_name: 'OutboxObject' }] },
    migrations: [{ tag: 'v1', new_sqlite_classes: ['OutboxObject'] }],
    ...(jurisdiction !== undefined && { vars: { PORTVAKT_JURISDICTION: jurisdiction } }),
    observability: { enabled: true, logs: { invocation_logs: false } },
  };
  return [
    '// Written by `portvakt build`. `invocation_logs` stays off: they would record the addresses that visitors ask for.',
    `${JSON.stringify(settings, null, 2)}\n`,
  ].join('\n');
}

/** `README.md` of what was built. */
export function workersReadme(config: Config, { jurisdiction, hash, version }: DeploymentOptions): string {
  const hosts = config.sites.map(({ hosts: [host] }) => `- ${host}`);
  return `# Portvakt ${version} for Cloudflare Workers

Made by \`portvakt build\`, for

${hosts.join('\n')}

| file | what |
| --- | --- |
| \`worker.js\` | the gateway, the same for everybody; SHA-256 \`${hash}\` |
| \`config.js\` | the configuration, checked and without secrets |
| \`wrangler.jsonc\` | routes, the outbox (a Durable Object with SQLite for each site${jurisdiction === undefined ? '' : `, jurisdiction \`${jurisdiction}\``}), logs |
| \`.secrets.env\` | the gateway's own key, the token of its operator, and the secrets of the configuration: keep it, and keep it out of Git |

\`\`\`sh
npx wrangler deploy --secrets-file .secrets.env
\`\`\`

The key \`PORTVAKT_ROOT_KEY\` must stay the same: pseudonyms and signatures of cookies are made with it.

Metrics: \`GET https://<host>/g/admin/metrics\` with \`Authorization: Bearer <PORTVAKT_ADMIN_TOKEN>\`. What waits, and dead letters: \`PORTVAKT_ADMIN_TOKEN=... portvakt outbox list --url https://<host>\` (and \`show\`, \`retry\`, \`purge\`); for programs \`GET /g/admin/outbox\`, \`GET /g/admin/outbox/dead\`, \`POST /g/admin/outbox/retry\` and \`purge\` with \`?id=\`, \`?route=\` or \`?all\`.
`;
}
