import * as z from 'zod';
import { GA4_EVENTS, meantEvent } from '../../core/event-names.ts';
import { suspicious, type ConfigPath, type Remark } from './finding.ts';
import type { RouteConfig } from '../compile/routes.ts';

/**
 * The event names of a route, compared with GA4's. A name that only resembles a name of GA4 never matches an event. Any
 * other name must be spelt as the site's tag spells it.
 */
export function lintEvents({ destination, settings, events = [] }: RouteConfig, path: ConfigPath): Remark[] {
  const shape = shapeOf(destination.settings);
  const mapped = Object.entries(settings as Readonly<Record<string, unknown>>).flatMap(([key, value]) =>
    namesIn(shape[key], value).flatMap(({ name, at, atKey }) => remarkOn(name, [...path, key, at], atKey)),
  );
  const listed = events.flatMap((one, i) =>
    typeof one === 'string'
      ? remarkOn(one, [...path, 'events', i], false)
      : remarkOn(one.event, [...path, 'events', i, 'event'], false),
  );
  return [...mapped, ...listed];
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function shapeOf(schema: z.ZodType): Shape {
  return schema instanceof z.ZodObject ? schema.shape : {};
}

interface NamedAt {
  readonly name: string;
  readonly at: string | number;
  readonly atKey: boolean;
}

/**
 * The names under one key: the keys of a record, or the members of a list, where the schema says that they name events.
 */
function namesIn(schema: z.core.$ZodType | undefined, value: unknown): NamedAt[] {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.def.innerType;
  if (inner instanceof z.ZodArray && Array.isArray(value) && namesEvents(inner.element))
    return value.map((name, at) => ({ name: String(name), at, atKey: false }));
  if (inner instanceof z.ZodRecord && typeof value === 'object' && value !== null && namesEvents(inner.keyType))
    return Object.keys(value).map((name) => ({ name, at: name, atKey: true }));
  return [];
}

function namesEvents(schema: z.core.$ZodType): boolean {
  return z.globalRegistry.get(schema)?.['event'] === true;
}

function remarkOn(name: string, path: ConfigPath, atKey: boolean): Remark[] {
  if (GA4_EVENTS.has(name)) return [];
  const why = noEvent(name);
  if (why !== undefined) return [{ ...suspicious(path, why), atKey }];
  const meant = meantEvent(name);
  if (meant !== undefined) {
    const message = `no event of GA4 is called \`${name}\`; did you mean \`${meant}\`? As it stands, only an event that the site itself calls \`${name}\` counts`;
    return [{ ...suspicious(path, message, meant), atKey }];
  }
  const message = `\`${name}\` is an event of the site's own: it counts where the tag sends exactly this name`;
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
