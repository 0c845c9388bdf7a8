import * as z from 'zod';
import { ITEM_NUMBERS, ITEM_TEXTS } from '../core/ga4-web.ts';
import type { LeftOutKind } from '../core/left-out.ts';
import type { Item } from '../core/values.ts';
import { FINITE, wellFormed } from './json-parts.ts';
import { finiteNumber, IDENTIFIER_PARAMS, LIMITS } from './limits.ts';
import { RESERVED_PREFIX } from './names.ts';
import { UNREADABLE } from './settle.ts';

/**
 * Parameters of an event in JSON. Small mistakes are tolerated: numbers written as text, texts that are too long (cut),
 * nested parameters (left out).
 */

const RESERVED = 'names that start with `firebase_`, `ga_` or `google_` are reserved by Google';

const IDENTIFIER = 'identifiers belong in `user`, `client_id` or the page address, where consent decides about them';

const ITEM_TEXT_NAMES: ReadonlySet<string> = new Set(ITEM_TEXTS.values());
const ITEM_NUMBER_NAMES: ReadonlySet<string> = new Set(ITEM_NUMBERS.values());

/** Reads a list of parameters, and counts what has to be left out. */
export class Reader {
  readonly leftOut: LeftOutKind[] = [];
  private readonly context: z.RefinementCtx;
  private readonly path: readonly (string | number)[];

  constructor(context: z.RefinementCtx, path: readonly (string | number)[] = [], leftOut: LeftOutKind[] = []) {
    this.context = context;
    this.path = path;
    this.leftOut = leftOut;
  }

  /** The same reader for a part of the list. */
  at(...path: readonly (string | number)[]): Reader {
    return new Reader(this.context, [...this.path, ...path], this.leftOut);
  }

  /** A mistake that is reported to the sender. */
  wrong(name: string | number, message: string): undefined {
    this.context.addIssue({ code: 'custom', path: [...this.path, name], message, input: undefined });
    return undefined;
  }

  text(name: string, value: unknown): string | undefined {
    if (value === undefined || value === null || this.isNested(value)) return undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    return typeof value === 'string' ? this.cut(value) : this.wrong(name, 'expected a text');
  }

  /** A number, or a text that can be read as one. Any other text is left out, and counted where its meaning is known. */
  number(name: string, value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') return Number.isFinite(value) ? value : this.wrong(name, FINITE);
    if (this.isNested(value)) return UNREADABLE;
    if (typeof value !== 'string') return this.wrong(name, FINITE);
    const trimmed = value.trim();
    return trimmed === '' ? undefined : (finiteNumber(trimmed) ?? UNREADABLE);
  }

  /** The same, but an unreadable number is left out here, because nothing else depends on it. */
  plainNumber(name: string, value: unknown): number | undefined {
    const number = this.number(name, value);
    if (number === undefined || !Number.isNaN(number)) return number;
    this.leftOut.push('number');
    return undefined;
  }

  scalar(name: string, value: unknown): string | number | boolean | undefined {
    if (value === undefined || value === null || this.isNested(value)) return undefined;
    if (typeof value === 'string') return this.cut(value);
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
    return this.wrong(name, 'expected a text, a finite number, true or false');
  }

  /** No vendor's format has nested values; the event is sent without them. */
  private isNested(value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    this.leftOut.push('nested');
    return true;
  }

  private cut(value: string): string {
    if (value.length > LIMITS.string) this.leftOut.push('cut');
    return wellFormed(value);
  }
}

/** An item: GA4's names have their types, the others go to `custom`. Null counts as absent. */
function readItem(fields: Readonly<Record<string, unknown>>, reader: Reader): Item {
  const known: Record<string, string | number> = {};
  const custom: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (ITEM_NUMBER_NAMES.has(name)) {
      const number = reader.plainNumber(name, value);
      if (number !== undefined) known[name] = number;
      continue;
    }
    const scalar = reader.scalar(name, value);
    if (scalar === undefined) continue;
    if (ITEM_TEXT_NAMES.has(name)) known[name] = String(scalar);
    else custom[name] = typeof scalar === 'boolean' ? String(scalar) : scalar;
  }
  return Object.keys(custom).length === 0 ? known : { ...known, custom };
}

function readItems(value: unknown, reader: Reader): readonly Item[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return reader.wrong('items', 'expected a list of items');
  const list = value as readonly unknown[];
  for (let i = LIMITS.items; i < list.length; i++) reader.leftOut.push('items');
  return list.slice(0, LIMITS.items).flatMap((item, i): Item[] => {
    if (item === null) return [];
    if (typeof item !== 'object' || Array.isArray(item)) {
      reader.at('items').wrong(i, 'expected an item: an object of texts and numbers');
      return [];
    }
    return [readItem(item as Readonly<Record<string, unknown>>, reader.at('items', i))];
  });
}

/** On and off as tags and back ends write it; undefined = neither. */
const SWITCH: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [1, true],
  ['1', true],
  ['true', true],
  [false, false],
  [0, false],
  ['0', false],
  ['false', false],
  ['', false],
]);

/** A custom name: reserved prefixes and identifiers are refused. */
export function isCustom(name: string, reader: Reader): boolean {
  if (RESERVED_PREFIX.test(name)) reader.wrong(name, RESERVED);
  else if (IDENTIFIER_PARAMS.has(name)) reader.wrong(name, IDENTIFIER);
  else return true;
  return false;
}

/** Parameters with fields of their own (`src/core/fields.ts`), and custom ones. */
export const params = z
  .record(z.string(), z.unknown(), { error: 'expected an object of parameters' })
  .transform((fields, context) => {
    const reader = new Reader(context);
    const { currency, value, tax, shipping, coupon, transaction_id, search_term, ...others } = fields;
    const { engagement_time_msec, debug_mode, items, ...rest } = others;
    const custom: Record<string, string | number | boolean> = {};
    for (const [name, given] of Object.entries(rest)) {
      if (!isCustom(name, reader)) continue;
      const scalar = reader.scalar(name, given);
      if (scalar !== undefined) custom[name] = scalar;
    }
    const debug = debug_mode === undefined || debug_mode === null ? false : SWITCH.get(debug_mode);
    if (debug === undefined) reader.wrong('debug_mode', 'expected true or 1');
    return {
      currency: reader.text('currency', currency),
      value: reader.number('value', value),
      tax: reader.number('tax', tax),
      shipping: reader.number('shipping', shipping),
      coupon: reader.text('coupon', coupon),
      transaction_id: reader.text('transaction_id', transaction_id),
      search_term: reader.text('search_term', search_term),
      engagement_time_msec: reader.plainNumber('engagement_time_msec', engagement_time_msec),
      debug_mode: debug,
      items: readItems(items, reader),
      custom: Object.keys(custom).length === 0 ? undefined : custom,
      leftOut: reader.leftOut,
    };
  });
