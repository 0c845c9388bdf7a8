import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { startBrokers, type Brokers } from './brokers.ts';
import { ADMIN_TOKEN, CONFIG_AT, statusOf, tryForm } from './form.ts';
import { absent, deployed, program, PYTHON } from './programs.ts';

// deploy/compose and deploy/kubernetes: the schema of each, and each gateway in them started as it is written there.

const { version } = JSON.parse(readFileSync(deployed('../package.json'), 'utf8')) as { version: string };
/** What a person has to give: the test's own. */
const SECRETS = {
  GA4_API_SECRET: 'a secret',
  PORTVAKT_ADMIN_TOKEN: ADMIN_TOKEN,
  PORTVAKT_ROOT_KEY: '6b'.repeat(32),
};
/** User and group of the image. */
const NONROOT = 65_532;
const files = (folder: string): string[] => globSync(`${folder}/*.yaml`, { cwd: deployed('') }).sort();

/** What the gateways of the files for several share. */
let brokers: Brokers | undefined;
beforeAll(async () => {
  if (!absent('nats-server')) brokers = await startBrokers(readFileSync(deployed('nats/nats.conf'), 'utf8'));
}, 300_000);
afterAll(() => brokers?.stop());
/** A configuration with the brokers' addresses of here. */
const reaching = (config: string): string => brokers?.moved(config) ?? config;
const skipped = (file: string): boolean => file.includes('cluster') && absent('nats-server');

describe.skipIf(absent('kubernetes-validate'))('Kubernetes', () => {
  // The oldest that deploy/README.md names, and the newest the checker has.
  it.each(['1.30', '1.37'])('%s has these fields and values', (kubernetes) => {
    const args = ['--strict', '--quiet', '-k', kubernetes, ...files('kubernetes').map(deployed)];
    const { status, stdout, stderr } = spawnSync(program('kubernetes-validate'), args, { encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([0, '']);
  });
});

describe.skipIf(absent('kubernetes-validate'))('the compose specification', () => {
  it.each(files('compose'))('knows what is in %s', (file) => {
    const check = 'import sys; from compose_spec import PyCompose; PyCompose.from_yaml(sys.stdin.read())';
    const input = readFileSync(deployed(file), 'utf8');
    const { status, stderr } = spawnSync(PYTHON, ['-c', check], { input, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});

interface Service {
  readonly extends?: { readonly service: string };
  readonly image: string;
  readonly build?: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly (string | { readonly source: string; readonly target: string })[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** The services of a file, each with what it takes over from another one: lists are joined, the rest is replaced. */
function servicesOf({ services }: Compose): Record<string, Service> {
  const whole = ([name, own]: [string, Service]): [string, Service] => {
    const base = own.extends === undefined ? undefined : services[own.extends.service];
    // A volume for the same path replaces the one there was: what the test looks at are the files, and those stay.
    const volumes = [...(base?.volumes ?? []), ...(own.volumes ?? [])];
    return [name, { ...base, ...own, volumes }];
  };
  return Object.fromEntries(Object.entries(services).map(whole));
}

/** `${NAME:?}` is what a person gives. */
const filled = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const [, wanted] = /^\$\{(\w+):\?\}$/.exec(value) ?? [];
      return [name, wanted === undefined ? value : (SECRETS[wanted as keyof typeof SECRETS] ?? '')];
    }),
  );

describe.each(files('compose'))('%s', (file) => {
  const compose = parse(readFileSync(deployed(file), 'utf8')) as Compose;
  const { volumes = {} } = compose;
  const services = servicesOf(compose);
  const beside = (path: string): string => join(dirname(deployed(file)), path);

  it('mounts volumes it declares and files that are there', () => {
    for (const service of Object.values(services)) {
      for (const volume of service.volumes) {
        if (typeof volume === 'string') expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
        else expect([volume.source, existsSync(beside(volume.source))]).toEqual([volume.source, true]);
      }
    }
  });

  it('gives no container a privilege, and no port to the network but that of a proxy', () => {
    for (const [name, service] of Object.entries(services)) {
      expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']]);
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
      expect([name, service.cap_add]).toEqual([name, name === 'proxy' ? ['NET_BIND_SERVICE'] : undefined]);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  const gateways = Object.entries(services).filter(([, { image }]) => image.startsWith('portvakt:'));
  it.skipIf(skipped(file)).each(gateways)('%s serves, and delivers a hit', { timeout: 120_000 }, async (_, service) => {
    expect(service.image).toBe(`portvakt:${version}`);
    expect(existsSync(join(beside(service.build ?? ''), 'Dockerfile'))).toBe(true);
    const mounted = service.volumes.find((volume) => typeof volume !== 'string' && volume.target === CONFIG_AT);
    const config = readFileSync(beside((mounted as { source: string }).source), 'utf8');
    await tryForm(
      { args: service.command, env: filled(service.environment), config: reaching(config) },
      '/data',
      async (gateway) => {
        expect(await statusOf(gateway, 'admin', '/metrics')).toBe(200);
      },
    );
  });
});

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: 'http' | 'admin' };
}
interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: { readonly securityContext: unknown; readonly containers: readonly Container[] };
    };
    readonly volumeClaimTemplates?: readonly unknown[];
  };
}

describe.each(files('kubernetes'))('%s', (file) => {
  const manifests = parseAllDocuments(readFileSync(deployed(file), 'utf8')).map((one) => one.toJS() as Manifest);
  const pods = manifests.filter(({ spec }) => spec?.template !== undefined).map(({ spec }) => spec.template.spec);

  it('lets no container be root, write outside its volumes or ask for more', () => {
    expect(pods.length).toBeGreaterThan(0);
    for (const { securityContext, containers } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        const none = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
        expect(container.securityContext).toEqual(none);
      }
    }
  });

  const gateways = pods.filter(({ containers }) => /portvakt:/.test(containers[0]?.image ?? ''));
  it.skipIf(skipped(file)).each(gateways)(
    'serves, answers its probes, and delivers a hit',
    { timeout: 120_000 },
    async (pod) => {
      const [container] = pod.containers as [Container];
      expect(pod.securityContext).toMatchObject({ runAsUser: NONROOT, runAsGroup: NONROOT, fsGroup: NONROOT });
      expect(container.image).toMatch(new RegExp(`/portvakt:${version.replaceAll('.', String.raw`\.`)}$`));
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toContain(dirname(CONFIG_AT));
      const config = manifests.map(({ data }) => data?.['gateway.yaml']).find((text) => text !== undefined) ?? '';
      const given = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
      await tryForm(
        { args: container.args, env: { ...SECRETS, ...given }, config: reaching(config) },
        '/data',
        async (gateway) => {
          const { startupProbe, livenessProbe, readinessProbe } = container;
          expect([livenessProbe.httpGet.path, readinessProbe.httpGet.path]).toEqual(['/healthz', '/readyz']);
          for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
            expect([httpGet, await statusOf(gateway, httpGet.port, httpGet.path)]).toEqual([httpGet, 200]);
          expect(await statusOf(gateway, 'admin', '/metrics')).toBe(200);
        },
      );
    },
  );

  it('has one gateway where the outbox is its own', () => {
    const own = manifests.filter(({ kind }) => kind === 'StatefulSet' && file.includes('one-gateway'));
    for (const { spec } of own) expect([spec.replicas, spec.volumeClaimTemplates?.length]).toEqual([1, 1]);
  });
});
