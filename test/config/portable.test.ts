import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { fromPortable, toPortable } from '../../src/config/pages/portable.ts';
import type { RouteConfig } from '../../src/config/compile/routes.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { load } from './support.ts';

// The delivery thread must get exactly the configuration that was checked, because it is not checked again there.

const folder = join(import.meta.dirname, '../../config');
const files = globSync('{*,*/*}.yaml', { cwd: folder }).filter((file) => !file.endsWith('.test.yaml'));

describe('a configuration on its way to another thread', () => {
  it('finds the configurations', () => {
    expect(files).toEqual(expect.arrayContaining(['gateway.yaml', 'presets/strict.yaml']));
  });

  it.each(files)('arrives as it left: %s', (file) => {
    const { config } = load(readFileSync(join(folder, file), 'utf8'));
    const travelled = fromPortable(structuredClone(toPortable(config)));
    expect(travelled).toEqual(config);
    // The same modules, not copies of them.
    const modules = (of: typeof config) =>
      of.sites.flatMap(({ destinations }) => [...destinations.values()].map((route) => route.destination));
    modules(travelled).forEach((module, i) => expect(module).toBe(modules(config)[i]));
    expect(compileGateway(travelled, NO_SECRETS).policy).toBe(compileGateway(config, NO_SECRETS).policy);
  });

  it.each(files)('is compiled without the schemas of settings, which a worker does not have: %s', (file) => {
    const { config } = load(readFileSync(join(folder, file), 'utf8'));
    const schemaless = (route: RouteConfig): RouteConfig => ({
      ...route,
      destination: Object.defineProperty({ ...route.destination }, 'settings', {
        get: () => {
          throw new Error(`the schema of ${route.destination.name} is read`);
        },
      }),
    });
    const sites = config.sites.map((site) => ({
      ...site,
      destinations: new Map([...site.destinations].map(([name, route]) => [name, schemaless(route)] as const)),
    }));
    expect(compileGateway({ ...config, sites }, NO_SECRETS).policy).toBe(compileGateway(config, NO_SECRETS).policy);
  });
});
