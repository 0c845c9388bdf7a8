import { badRequest, LIMITS } from './limits.ts';
import type { Problem } from './hit.ts';

/**
 * Parses JSON from outside (R72, R73). Beside the grammar it demands what `JSON.parse` is silent about: no key twice
 * in one object, names of letters, digits and `_` only, none of the words that reach a prototype, no more than
 * `LIMITS.depth` levels and `LIMITS.keys` keys an object.
 */
export function parseJson(body: string): { readonly value: unknown } | Problem {
  // Some editors and back ends put a byte order mark first; RFC 8259 8.1 lets a reader ignore it.
  const text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return badRequest('The body is not valid JSON.');
  }
  const fault = checkShape(text);
  return fault === undefined ? { value } : badRequest(fault);
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;

/** Walks text that is known to be valid JSON; the answer is what is wrong with its shape. */
function checkShape(text: string): string | undefined {
  /** Keys seen in each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = [];
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end)) {
        const fault = checkKey(text.slice(i, end), keys);
        if (fault !== undefined) return fault;
      }
      i = end;
    } else {
      if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
        if (open.length === LIMITS.depth) return `The body is nested deeper than ${LIMITS.depth} levels.`;
        open.push(code === OPEN_OBJECT ? new Set() : undefined);
      } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
        open.pop();
      }
      i++;
    }
  }
  return undefined;
}

const QUOTE = 34;
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

function checkKey(literal: string, seen: Set<string>): string | undefined {
  const key = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  if (!NAME.test(key) || key === 'constructor' || key === 'prototype') {
    return 'A key is not a name: it starts with a letter and has at most 40 letters, digits and `_`.';
  }
  if (seen.has(key)) return `The key \`${key}\` is there twice in one object.`;
  if (seen.size === LIMITS.keys) return `An object has more than ${LIMITS.keys} keys.`;
  seen.add(key);
  return undefined;
}
