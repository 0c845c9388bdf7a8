import type { Finding, Remark } from './finding.ts';
import type { Config, SiteConfig } from '../schema.ts';
import { readYaml } from '../yaml.ts';

/**
 * Notes on a sound configuration: what would be safer. `portvakt lint` shows them; a start of the gateway does not.
 * @param text the file `config` was read from.
 */
export function adviceOn(text: string, file: string, config: Config): readonly Finding[] {
  const source = readYaml(text, file);
  return 'findings' in source ? [] : openParams(config.sites).map(source.finding);
}

/**
 * Where a route lists custom parameters, only those pass. On other routes every parameter of a tag or a plug-in passes,
 * and an id under an unknown name can be found by its value only. The note is given once for all routes.
 */
function openParams(sites: readonly SiteConfig[]): Remark[] {
  const open = sites.flatMap(({ privacy, destinations }, i) =>
    privacy.replaced_ids !== undefined
      ? []
      : [...destinations]
          .filter(([, { destination, params, settings }]) => {
            if (params !== undefined || !('params' in destination.reads)) return false;
            const { fields, params: used } = destination.bind(settings);
            return fields?.has('params') !== false && used === undefined;
          })
          .map(([name]) => ({ name, path: ['sites', i, 'destinations', name] })),
  );
  const [first] = open;
  if (first === undefined) return [];
  return [
    {
      kind: 'note',
      code: 'custom-params',
      path: first.path,
      atKey: true,
      message: `custom parameters of every name are sent to ${open.map(({ name }) => `\`${name}\``).join(', ')}, also those that a tag or a plug-in adds. A list is safer: then an id under an unknown name is not sent`,
      instead: '`params: [<names your reports use>]` on the route, or `params: all` if that is meant',
    },
  ];
}
