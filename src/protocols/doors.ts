import type { Hit, Problem } from './hit.ts';
import { PROTOCOLS, type SourceName } from './index.ts';
import type { Door, Protocol } from './protocol.ts';

/** A door and its protocol. */
export interface WayIn {
  readonly protocol: Protocol<SourceName>;
  readonly door: Door;
}

/** Every door there is. */
export const WAYS_IN: readonly WayIn[] = PROTOCOLS.flatMap((protocol) =>
  protocol.doors.map((door) => ({ protocol, door })),
);

/** Finds the way in that a path leads to. */
export type Ways = (path: string) => WayIn | undefined;

/** The ways in below a prefix such as `/sgtm`; '' = none. */
export function waysUnder(prefix: string): Ways {
  const exact = new Map(WAYS_IN.flatMap((way) => way.door.paths.map((path) => [prefix + path, way] as const)));
  const below = WAYS_IN.flatMap((way) => (way.door.below ?? []).map((start) => [prefix + start, way] as const));
  return (path) => exact.get(path) ?? below.find(([start]) => path.startsWith(start))?.[1];
}

/** The name, for people, of what comes from a source. */
export function titleOf(source: string): string {
  return PROTOCOLS.find(({ name }) => name === source)?.title ?? source;
}

/** 404, with the paths there are. */
export function notFound(prefix: string): Problem {
  const ways = PROTOCOLS.map(({ title, doors: [{ methods, paths }] }) => {
    return `${title} go to ${methods.length === 1 ? `${methods[0]} ` : ''}${prefix}${paths[0]}`;
  });
  return { status: 404, title: 'Nothing here', detail: `${capital(ways.join(', '))}.` };
}

/** 405, with the allowed methods, which are also in `Allow`. */
export function notAllowed(methods: readonly string[]): Problem {
  return { status: 405, title: 'Method not allowed', detail: `Use ${methods.join(', ')}.` };
}

/** 415 where the body is of a type that this door does not take, or not from this sender; undefined = it is taken. */
export function mediaProblem(hit: Hit, { protocol, door }: WayIn): Problem | undefined {
  if (hit.method === 'GET') return undefined;
  const { types, fromPages } = door;
  const type = hit.headers['content-type'] ?? '';
  const end = type.indexOf(';');
  const media = (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
  if (!types.has(media)) return badType(`${capital(protocol.title)} are ${listed(types)}.`);
  if (!fromPages.has(media) || hit.headers['origin'] !== undefined) return undefined;
  return badType(
    `Without an Origin header, ${protocol.title} must be ${listed(new Set([...types].filter((one) => !fromPages.has(one))))}.`,
  );
}

function badType(detail: string): Problem {
  return { status: 415, title: 'Unsupported media type', detail };
}

function listed(types: ReadonlySet<string>): string {
  return [...types].map((type) => (type === '' ? 'without Content-Type' : type)).join(' or ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
