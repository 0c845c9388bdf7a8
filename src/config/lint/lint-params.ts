import { nearest } from '../../core/nearest.ts';
import { meantParam } from '../../core/param-names.ts';
import { type ParamMark, paramIn } from '../../core/param-setting.ts';
import { isPersonalName } from '../../privacy/cleaner.ts';
import { unknownField } from '../compile/rule-fields.ts';
import { routeParams, type RouteConfig } from '../compile/routes.ts';
import { rulesIn } from '../compile/rules-in.ts';
import type { SiteConfig } from '../schema.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import { markedIn } from './marked.ts';

const PARAMS = 'params.';

/**
 * The custom parameters that a route lists, and those that its settings and rules name. One that never comes leaves a
 * value empty, which is easily overlooked.
 */
export function lintParams(route: RouteConfig, path: ConfigPath, { privacy }: SiteConfig): Remark[] {
  const taken = routeParams(route, privacy.replaced_ids !== undefined);
  return [...lintList(route, path), ...lintSettings(route, path, taken), ...lintRuled(route, path, taken)];
}

/** A parameter whose name says that its value is personal is never passed on, listed or not. */
function lintList({ params }: RouteConfig, path: ConfigPath): Remark[] {
  if (!Array.isArray(params)) return [];
  return params.flatMap((name, i) => {
    const at = [...path, 'params', i];
    const message = `\`${name}\` is never sent: its name says that the value identifies a person, a device or a click. Remove it from the list; send your own id of a visitor as user id`;
    return isPersonalName(name) ? [suspicious(at, message)] : near(name, at, '');
  });
}

/** A list of its own is compared with the names of GA4 itself. */
type Taken = ReadonlySet<string> | undefined;

function lintSettings({ destination, settings }: RouteConfig, path: ConfigPath, taken: Taken): Remark[] {
  const marked = markedIn<ParamMark>('param', destination.settings, settings).flatMap(({ text, path: at, mark }) => {
    const behind = mark === 'name' ? '' : PARAMS;
    const name = mark === 'name' ? text : paramIn(text);
    if (name === undefined) return [];
    return [{ name, at: [...path, ...at], behind, words: mark === 'name' ? [] : mark }];
  });
  const placed = new Set(marked.map(({ name }) => name));
  // A mapping is no setting by setting any more: its names stand for the whole route.
  const others = [...(destination.bind(settings).params ?? [])].filter((name) => !placed.has(name));
  const unplaced = others.map((name) => ({ name, at: path, behind: PARAMS, words: [] }));
  return [...marked, ...unplaced].flatMap((one) => lintNamed(one, taken));
}

/** A custom parameter that the settings name. */
interface Named {
  readonly name: string;
  readonly at: ConfigPath;
  readonly behind: string;
  /** What may stand there beside parameters. */
  readonly words: readonly string[];
}

function lintNamed({ name, at, behind, words }: Named, taken: Taken): Remark[] {
  const never = unknownField(`${PARAMS}${name}`);
  if (never !== undefined)
    return [
      contradiction(
        at,
        `${never.message}, so it is always empty`,
        words.find((word) => word === name),
      ),
    ];
  if (taken === undefined) return near(name, at, behind);
  if (taken.has(name)) return [];
  const listed = nearest(name, taken);
  const message = `the route does not list \`${name}\` in \`params\`, so it is always empty`;
  return [contradiction(at, message, listed === undefined ? undefined : behind + listed)];
}

/** Checks only the spelling of names: fields that a rule cannot read are reported with the rules. */
function lintRuled({ events }: RouteConfig, path: ConfigPath, taken: Taken): Remark[] {
  if (taken !== undefined) return [];
  return (rulesIn(events) ?? []).flatMap(({ when, place }) =>
    when.flatMap(({ on }) => {
      const name = paramIn(on);
      return name === undefined ? [] : near(name, [...path, 'events', place - 1, 'when', on], PARAMS, true);
    }),
  );
}

function near(name: string, path: ConfigPath, behind: string, atKey = false): Remark[] {
  const meant = meantParam(name);
  if (meant === undefined) return [];
  const message = `no parameter of GA4 is called \`${name}\`; did you mean \`${meant}\`? Otherwise only a parameter that the site itself calls \`${name}\` counts`;
  return [{ ...suspicious(path, message, behind + meant), atKey }];
}
