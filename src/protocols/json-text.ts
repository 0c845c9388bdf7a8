import { isUnsafeName, LIMITS } from './limits.ts';
import { isName, NAME } from './names.ts';

/*
 * The JSON reader for bodies of hits. `JSON.parse` makes the value, and a walk over the text finds what `JSON.parse`
 * accepts without a word, with the place of each fault, so that a person can correct the sender. Cookies have another
 * reader (`consent/json.ts`): a cookie is either read or unreadable, nobody is told of a place in it, and its objects are
 * maps.
 */

/** Something wrong with the shape of a JSON body, and where. Holds no value of it. */
export interface ShapeFault {
  /** Keys and positions from the top: `['events', 0, 'params']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The index of the event that has the fault; undefined = it is outside all events. */
export function faultyEvent({ path }: ShapeFault, list = 'events'): number | undefined {
  const [first, second] = path;
  return first === list && typeof second === 'number' ? second : undefined;
}

/** A body that is JSON, with what is wrong with its shape. */
export interface ParsedJson {
  readonly value: unknown;
  readonly faults: readonly ShapeFault[];
}

/** What keys a body may have. */
export interface JsonShape {
  /** Keys must have the form of parameter names; otherwise any text is a key, except one that reaches a prototype. */
  readonly namesOnly: boolean;
  /** Levels of nesting. */
  readonly depth: number;
}

const NAMES_ONLY: JsonShape = { namesOnly: true, depth: LIMITS.depth };

/** Most faults that are reported. Of further events only the first fault is, because one already makes them invalid. */
const MOST_FAULTS = 100;

/**
 * Parses JSON from outside (R72, R73). It also finds what `JSON.parse` accepts silently: a key twice in one object, names
 * with other characters than letters, digits and `_`, words that reach a prototype, more levels than `shape` allows, more
 * than `LIMITS.keys` keys in an object. Undefined: the text is not JSON.
 */
export function parseBody(body: string, shape: JsonShape = NAMES_ONLY): ParsedJson | undefined {
  // Some editors and back ends put a byte order mark first; RFC 8259 8.1 lets a reader ignore it.
  const text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return { value, faults: checkShape(text, shape) };
}

/** An object or a list that is open where the walk stands. */
interface Open {
  /** Keys seen in an object; undefined for a list. */
  readonly keys: Set<string> | undefined;
  /** The key whose value comes next, or the position in the list. */
  at: string | number;
}

/** Walks text that is valid JSON. For each object or list only the first fault is reported. */
function checkShape(text: string, shape: JsonShape): readonly ShapeFault[] {
  const faults: ShapeFault[] = [];
  const open: Open[] = [];
  let blamed: Open | undefined;
  let blamedEvent: string | number | undefined;
  const blame = (message: string, depth: number): void => {
    const one = open[depth - 1];
    const event = open[1]?.at;
    if (faults.length >= MOST_FAULTS && event === blamedEvent) return;
    if (one !== undefined && one === blamed) return;
    blamed = one;
    blamedEvent = event;
    faults.push({ path: pathOf(open, depth), message });
  };
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    const inner = open.at(-1);
    if (code === QUOTE) {
      const end = stringEnd(text, i);
      if (inner?.keys !== undefined && isKey(text, end)) {
        const key = keyOf(text.slice(i, end));
        const fault = checkKey(key, inner.keys, shape);
        if (fault !== undefined) blame(fault, open.length);
        inner.at = NAME.test(key) ? key : '';
      }
      i = end;
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (open.length === shape.depth) blame(`nested deeper than ${shape.depth} levels`, shape.depth);
      // Deeper parts are not checked; only their brackets are counted.
      const deep = open.length >= shape.depth;
      open.push(code === OPEN_OBJECT && !deep ? { keys: new Set(), at: '' } : { keys: undefined, at: 0 });
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop();
    } else if (code === COMMA && inner !== undefined && typeof inner.at === 'number') {
      inner.at++;
    }
    i++;
  }
  return faults;
}

function pathOf(open: readonly Open[], depth: number): readonly (string | number)[] {
  const path: (string | number)[] = [];
  for (let i = 0; i < depth - 1; i++) {
    const { at } = open[i] as Open;
    if (at !== '') path.push(at);
  }
  return path;
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const COLON = 58;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;

/** The position after the string that starts at `start`. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  for (let code = text.charCodeAt(i); code !== QUOTE; code = text.charCodeAt(i)) i += code === BACKSLASH ? 2 : 1;
  return i + 1;
}

/** Whether the string that ends at `end` is a key: a colon follows. */
function isKey(text: string, end: number): boolean {
  let i = end;
  while (text.charCodeAt(i) <= 32) i++;
  return text.charCodeAt(i) === COLON;
}

function keyOf(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

function checkKey(key: string, seen: Set<string>, { namesOnly }: JsonShape): string | undefined {
  if (!namesOnly) {
    if (isUnsafeName(key)) return 'a key has a forbidden name, such as `__proto__`';
    // Any text may be the key here, so the message does not repeat it.
    if (seen.has(key)) return 'a key is there twice';
  } else if (!isName(key)) {
    return 'a key is not a name: it starts with a letter and has at most 40 letters, digits and `_`';
  }
  if (seen.has(key)) return `the key \`${key}\` is there twice`;
  if (seen.size === LIMITS.keys) return `more than ${LIMITS.keys} keys in one object`;
  seen.add(key);
  return undefined;
}
