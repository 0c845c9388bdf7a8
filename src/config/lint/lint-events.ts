import { GA4_EVENTS, meantEvent } from '../../core/event-names.ts';
import { resembled } from '../../core/nearest.ts';
import { suspicious, type ConfigPath, type Remark } from './finding.ts';
import { markedIn } from './marked.ts';
import type { RouteConfig } from '../compile/routes.ts';

/**
 * The event names of a route, compared with GA4's. A name that only resembles a name of GA4 never matches an event. Any
 * other name must be spelt as the site's tag spells it.
 */
export function lintEvents({ destination, settings, events = [] }: RouteConfig, path: ConfigPath): Remark[] {
  const mapped = markedIn<true>('event', destination.settings, settings).flatMap(({ text, path: at, atKey }) =>
    remarkOn(text, [...path, ...at], atKey),
  );
  const listed = events.flatMap((one, i) =>
    typeof one === 'string'
      ? remarkOn(one, [...path, 'events', i], false)
      : remarkOn(one.event, [...path, 'events', i, 'event'], false),
  );
  return [...mapped, ...listed];
}

/** Names that a vendor takes as events of the site's own, and that only resemble one it has a use for. */
export function lintVendorNames({ destination, settings, named }: RouteConfig, path: ConfigPath): Remark[] {
  const standardOf = (value: unknown) => markedIn<readonly string[]>('standard', destination.settings, value);
  const ruled = [...named].flatMap(([place, name]) =>
    standardOf({ event_names: { rule: name } }).map((one) => ({ ...one, path: ['events', place - 1, 'as'] })),
  );
  return [...standardOf(settings), ...ruled].flatMap(({ text, path: at, mark }) => {
    const meant = resembled(text, mark);
    if (meant === undefined) return [];
    const message = `no standard event of ${destination.title} is called \`${text}\`; did you mean \`${meant}\`? Otherwise it is a custom event there`;
    return [suspicious([...path, ...at], message, meant)];
  });
}

function remarkOn(name: string, path: ConfigPath, atKey: boolean): Remark[] {
  if (GA4_EVENTS.has(name)) return [];
  const why = noEvent(name);
  if (why !== undefined) return [{ ...suspicious(path, why), atKey }];
  const meant = meantEvent(name);
  if (meant !== undefined) {
    const message = `no event of GA4 is called \`${name}\`; did you mean \`${meant}\`? Otherwise only an event that the site itself calls \`${name}\` counts`;
    return [{ ...suspicious(path, message, meant), atKey }];
  }
  const message = `\`${name}\` is a custom event: it counts only if the tag sends exactly this name`;
  return [{ kind: 'note', code: 'custom-event', path, message, atKey }];
}

/** Whether the name of an event is doubtful in itself. Then its consequences are not reported. */
export function isDoubtful(name: string): boolean {
  return !GA4_EVENTS.has(name) && (noEvent(name) ?? meantEvent(name)) !== undefined;
}

/**
 * Why a name cannot be an event's name: it is a sign for all events, several names in one, or a variable that nobody
 * replaced.
 */
function noEvent(name: string): string | undefined {
  if (/^(?:\*|\.\*|all|any)$/i.test(name))
    return `\`${name}\` is the name of one event: for all of them, take \`events\` out`;
  if (/^\{\{.*\}\}$|^(?:undefined|null|\(not set\))$/i.test(name))
    return `\`${name}\` is a variable that was not filled in, not an event`;
  if (name.split(/[,;|]\s*/).length > 1 && name.split(/[,;|]\s*/).some((part) => GA4_EVENTS.has(part)))
    return `\`${name}\` is the name of one event: a list has one member for each, \`[a, b]\``;
  return undefined;
}
