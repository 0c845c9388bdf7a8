/**
 * The rooms of the house and what may import what: the test holds the code to it, and `npm run gen` draws the picture in
 * docs/architecture.md from the imports that are there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '..');

/** From the bottom up. A file imports what is lower, and its own room; rooms of one layer do not import each other. */
export const LAYERS: readonly (readonly string[])[] = [
  ['src/core'],
  ['src/protocols', 'src/consent', 'destinations'],
  ['src/privacy'],
  ['src/cookies'],
  ['src/policy'],
  ['src/decide'],
  ['src/config', 'src/delivery'],
  ['src/ledger', 'src/outbox'],
  ['src/http'],
  ['src/runtimes'],
  ['src/demo'],
  ['src/cli'],
];

/** Up to here, and in `destinations/`: web standards only, no clock, no chance, nothing from outside. */
const PURE = 'src/decide';

const ROOMS: readonly string[] = LAYERS.flat();

/** The room a path is in. */
export function roomOf(path: string): string | undefined {
  return ROOMS.find((room) => path === room || path.startsWith(`${room}/`));
}

/** Its layer, from 0; not a number where it is in none. */
export function layerOf(room: string | undefined): number {
  const layer = LAYERS.findIndex((rooms) => rooms.includes(room ?? ''));
  return layer === -1 ? Number.NaN : layer;
}

/** Whether a room is one of those that use web standards only. */
export function isPure(room: string | undefined): boolean {
  return layerOf(room) <= layerOf(PURE);
}

/** A file of the source, its path from the root. */
export interface Module {
  readonly path: string;
  readonly text: string;
}

/** Every module below a folder. */
export function modules(folder: string): Module[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((full) => ({ path: relative(root, full).split(sep).join('/'), text: readFileSync(full, 'utf8') }));
}

/** Everything a module imports, statically or not, type imports included. */
export function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)['"]([^'"]+)['"]/g);
  return [...found].flatMap((match) => match[1] ?? []);
}

/** The path, from the root, of what a module imports by a relative one. */
export function pathOf({ path }: Module, target: string): string {
  return join(dirname(path), target).split(sep).join('/');
}

/** What each room is for: its line in the picture. */
const PURPOSES: Readonly<Record<string, string>> = {
  'src/core': 'signals, fields, what a destination is, reasons',
  'src/protocols': 'how events come in',
  'src/consent': 'what a visitor allowed, read from cookies and strings',
  destinations: 'the vendors, a folder each',
  'src/privacy': 'addresses, identifiers and texts made fit to be sent',
  'src/cookies': 'identifying cookies: read, capped, expired',
  'src/policy': 'sites, routes and permits: which signal opens which field',
  'src/decide': 'one hit decided as a whole',
  'src/config': 'the YAML file: read, checked, compiled, explained, documented',
  'src/delivery': 'lanes, retries, the check before the socket',
  'src/ledger': 'what is counted and recorded of a hit',
  'src/outbox': 'the durable queue',
  'src/http': 'taking hits and answering them, preview, admin pages',
  'src/runtimes': 'what a runtime adds: sockets, threads, processes, files',
  'src/demo': 'the shop and the recorder of `npm start`',
  'src/cli': 'the commands',
};

/** The rooms, highest first, with the rooms each one imports: from the imports themselves. */
export function picture(): string {
  const uses = new Map<string, Map<string, number>>();
  for (const module of [...modules('src'), ...modules('destinations')]) {
    const room = roomOf(module.path);
    if (room === undefined) throw new Error(`${module.path} is in no room`);
    for (const target of importsOf(module.text).filter((one) => one.startsWith('.'))) {
      const to = roomOf(pathOf(module, target));
      if (to === undefined || to === room) continue;
      const of = uses.get(room) ?? new Map<string, number>();
      uses.set(room, of.set(to, (of.get(to) ?? 0) + 1));
    }
  }
  const rows = LAYERS.toReversed().flatMap((rooms, i) =>
    rooms.map((room) => {
      const imports = ROOMS.toReversed().filter((one) => uses.get(room)?.has(one) === true);
      const of = imports.map((one) => `\`${short(one)}\``).join(' ');
      return `| ${LAYERS.length - 1 - i} | \`${short(room)}\` | ${PURPOSES[room]} | ${of === '' ? 'nothing' : of} |`;
    }),
  );
  return [
    '```mermaid',
    'graph TD',
    ...LAYERS.toReversed().map(
      (rooms) =>
        `  subgraph layer${layerOf(rooms[0])}[" "]\n${rooms.map((room) => `    ${id(room)}["${short(room)}"]`).join('\n')}\n  end`,
    ),
    ...closest(uses).map(([from, to]) => `  ${id(from)} --> ${id(to)}`),
    '```',
    '',
    'An arrow stands for imports. An arrow that follows from others is left out. The table has all imports:',
    '',
    '| layer | room | what is in it | imports |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** The layers in one sentence, for CONTRIBUTING. */
export function layersInWords(): string {
  return LAYERS.map((rooms) => rooms.map((room) => `\`${short(room)}\``).join(', ')).join(' < ');
}

/** Imports without those that lead where another import leads, too. */
function closest(uses: ReadonlyMap<string, ReadonlyMap<string, number>>): (readonly [string, string])[] {
  const reach = (from: string): Set<string> => {
    const found = new Set<string>();
    for (const to of uses.get(from)?.keys() ?? []) {
      found.add(to);
      for (const further of reach(to)) found.add(further);
    }
    return found;
  };
  return ROOMS.flatMap((from) => {
    const direct = [...(uses.get(from)?.keys() ?? [])];
    const further = new Set(direct.flatMap((to) => [...reach(to)]));
    return direct.filter((to) => !further.has(to)).map((to) => [from, to] as const);
  });
}

function short(room: string): string {
  return room.replace('src/', '');
}

function id(room: string): string {
  return short(room).replaceAll(/\W/g, '_');
}
