import type { BoundForm } from '../../core/destination.ts';
import type { FieldName } from '../../core/fields.ts';
import { LEFT } from '../../privacy/replaced-event.ts';
import type { RouteConfig } from '../compile/routes.ts';
import { renamedTo, settingsUnder } from '../compile/rule-names.ts';
import { rulesIn } from '../compile/rules-in.ts';
import type { SiteConfig } from '../schema.ts';
import { suspicious, type ConfigPath, type Remark } from './finding.ts';
import { isDoubtful } from './lint-events.ts';

/** Routes and events for which a vendor would never get anything, whatever the events hold. */
export function lintTakes(route: RouteConfig, path: ConfigPath, { privacy }: SiteConfig): Remark[] {
  const { destination, settings, events = [] } = route;
  const { full } = destination.bind(settings);
  const rules = rulesIn(events);
  const own = formsUnder(route, settings);
  const all = rules === undefined ? own : rules.flatMap((rule) => formsUnder(route, settingsUnder(route, rule)));
  if (all.every(takesNoName)) {
    return [suspicious(path, `no event has a name at ${destination.title} here, so nothing is sent`)];
  }
  const unwanted = events.flatMap((one, i) => {
    const rule = rules?.[i];
    const name = typeof one === 'string' ? one : one.event;
    const forms = rule === undefined ? own : formsUnder(route, settingsUnder(route, rule));
    const called = (rule && renamedTo(route, rule)) ?? name;
    if (isDoubtful(name) || forms.some((form) => form.nameOf(called) !== undefined)) return [];
    const message = `\`${called}\` is never sent to ${destination.title}: the settings of the route give it no name there`;
    return [suspicious([...path, 'events', i, ...(typeof one === 'string' ? [] : ['event'])], message)];
  });
  if (privacy.replaced_ids === undefined || !lacksEveryMatch(full)) return unwanted;
  const message = `${destination.title} cannot match events to persons: \`replaced_ids\` removes click ids and user data for every route`;
  return [...unwanted, suspicious(path, message)];
}

function formsUnder({ destination, without_consent }: RouteConfig, settings: unknown): readonly BoundForm[] {
  const { full, limited } = destination.bind(settings);
  return without_consent === 'limited' && limited !== undefined ? [full, limited] : [full];
}

function takesNoName({ wants, nameOf }: BoundForm): boolean {
  return wants.others !== true && [...wants.names.keys()].every((name) => nameOf(name) === undefined);
}

/** Every group has a field that events no longer have after their ids are replaced. */
function lacksEveryMatch({ matchesOn }: BoundForm): boolean {
  return matchesOn?.every((group) => group.some((field) => !LEFT.has(field as FieldName))) ?? false;
}
