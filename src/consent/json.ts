/**
 * A JSON reader for cookies. `JSON.parse` keeps the last of two equal keys, but duplicates must be joined by AND
 * (`consent.md` 0, rule 4). So a repeated key makes the text unreadable here, unless it says the same. It throws nothing,
 * its objects are maps, so that no key reaches a prototype, and its work is linear in the text.
 *
 * Bodies of hits have another reader (`protocols/json-text.ts`), because the work is different. There a person corrects
 * the sender, so each fault is reported with its place, and the value is a plain object of `JSON.parse`, which is faster
 * on long texts. Here a text is either read or unreadable, and one pass finds out both.
 */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

const MAX_DEPTH = 16;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The value, or undefined where the text is not JSON, repeats a key, or nests too deep. */
// oxlint-disable-next-line max-lines-per-function -- the parts of one reader share one place in the text
export function parseCookieJson(text: string): Json | undefined {
  let i = 0;

  const skip = (): number => {
    let code = text.charCodeAt(i);
    while (code === 32 || code === 9 || code === 10 || code === 13) code = text.charCodeAt(++i);
    return code;
  };

  const string = (): string | undefined => {
    const start = ++i;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(i);
      if (code === 34) break;
      // NaN, past the end, fails here too.
      if (!(code >= 32)) return undefined;
      if (code === 92) {
        escaped = true;
        i++;
      }
      i++;
    }
    const raw = text.slice(start, i++);
    return escaped ? unescaped(raw) : raw;
  };

  const number = (): number | undefined => {
    const start = i;
    while (isNumeric(text.charCodeAt(i))) i++;
    const raw = text.slice(start, i);
    return raw.length <= 32 && NUMBER.test(raw) ? Number(raw) : undefined;
  };

  const word = (expected: string, value: boolean | null): boolean | null | undefined => {
    if (!text.startsWith(expected, i)) return undefined;
    i += expected.length;
    return value;
  };

  const list = (depth: number): readonly Json[] | undefined => {
    const items: Json[] = [];
    i++;
    if (skip() === 93) {
      i++;
      return items;
    }
    for (;;) {
      const item = value(depth);
      if (item === undefined) return undefined;
      items.push(item);
      const code = skip();
      i++;
      if (code === 93) return items;
      if (code !== 44) return undefined;
    }
  };

  const object = (depth: number): JsonObject | undefined => {
    const entries = new Map<string, Json>();
    i++;
    if (skip() === 125) {
      i++;
      return entries;
    }
    for (;;) {
      if (skip() !== 34) return undefined;
      const key = string();
      if (key === undefined || skip() !== 58) return undefined;
      i++;
      const item = value(depth);
      if (item === undefined || (entries.has(key) && !isSame(entries.get(key), item))) return undefined;
      entries.set(key, item);
      const code = skip();
      i++;
      if (code === 125) return entries;
      if (code !== 44) return undefined;
    }
  };

  const value = (depth: number): Json | undefined => {
    if (depth === MAX_DEPTH) return undefined;
    switch (skip()) {
      case 34:
        return string();
      case 91:
        return list(depth + 1);
      case 102:
        return word('false', false);
      case 110:
        return word('null', null);
      case 116:
        return word('true', true);
      case 123:
        return object(depth + 1);
      default:
        return number();
    }
  };

  const result = value(0);
  skip();
  return i === text.length ? result : undefined;
}

/** Whether a key that stands twice says the same both times: CookieHub writes one of its keys twice. */
function isSame(first: Json | undefined, second: Json): boolean {
  return first === second && typeof second !== 'object';
}

function unescaped(raw: string): string | undefined {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return undefined;
  }
}

function isNumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 45 || code === 43 || code === 46 || code === 69 || code === 101;
}

/** The object, or undefined for every other kind of value. */
export function asJsonObject(json: Json | undefined): JsonObject | undefined {
  return json instanceof Map ? json : undefined;
}

export function asString(json: Json | undefined): string | undefined {
  return typeof json === 'string' && json !== '' ? json : undefined;
}

export function asNumber(json: Json | undefined): number | undefined {
  return typeof json === 'number' ? json : undefined;
}

/** A whole number, which a server in between may have written as text: for times and revisions, never for a choice. */
export function asCount(json: Json | undefined): number | undefined {
  return typeof json === 'string' && /^\d{1,15}$/.test(json) ? Number(json) : asNumber(json);
}

/** A list of strings; undefined for every other kind of value, a list with anything else in it too. */
export function asStrings(json: Json | undefined): readonly string[] | undefined {
  return Array.isArray(json) && json.every((item) => typeof item === 'string') ? json : undefined;
}
