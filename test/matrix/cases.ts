import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { testCase, type Case } from '../conformance/format.ts';
import { SIGNALS, VENDORS, type Vendor } from './derive.ts';

type Json = Record<string, unknown>;

/** What is sent and received for each event, in layers; `silence` = nothing. */
const layers = z.record(z.string(), z.union([z.literal('silence'), z.record(z.string(), z.unknown())]));

const matrixFile = z.strictObject({
  states: z.record(z.string(), z.strictObject({ granted: z.array(z.enum(SIGNALS)) }).catchall(z.coerce.string())),
  tables: z.array(
    z.strictObject({
      config: z.enum(['block', 'limited']),
      source: z.enum(['web', 'json']),
      rows: z.record(z.string(), z.record(z.enum(VENDORS), z.string())),
    }),
  ),
  requests: z.strictObject({ web: layers, json: layers }),
  forms: z.record(z.string(), z.record(z.string(), layers)),
});

export type Matrix = z.output<typeof matrixFile>;

export const EVENTS = ['page_view', 'purchase', 'generate_lead'] as const;

/** The matrix as it is written. */
export function readMatrix(): Matrix {
  return matrixFile.parse(parse(readFileSync(join(import.meta.dirname, 'matrix.yaml'), 'utf8'), { merge: true }));
}

/** The value of Klaro's cookie (`consent.md` 1): a service for each signal, named after it. */
function klaro(granted: readonly string[]): string {
  return encodeURIComponent(
    JSON.stringify(Object.fromEntries(SIGNALS.map((signal) => [signal, granted.includes(signal)]))),
  );
}

/** Every cell of the matrix as part of a case: one for each table, state and event. */
export function matrixCases({ states, tables, requests, forms }: Matrix): readonly Case[] {
  return tables.flatMap(({ config, source, rows }) =>
    Object.entries(rows).flatMap(([state, cells]) =>
      EVENTS.map((event) => {
        const { granted, ...words } = states[state] as Matrix['states'][string];
        const choice = klaro(granted);
        return testCase.parse({
          id: `${config} ${source} ${state} ${event}`,
          why: 'design 3',
          config,
          words: { ...words, choice } as Record<string, string>,
          request: layered(requests[source], event),
          expect: {
            requests: VENDORS.flatMap((vendor) => requestOf(forms, vendor, source, cells[vendor], event)),
          },
        });
      }),
    ),
  );
}

function requestOf(forms: Matrix['forms'], vendor: Vendor, source: string, cell: string, event: string): Json[] {
  if (cell === 'silence') return [];
  let request: Json = {};
  for (const name of cell.split('+')) {
    const form = forms[`${vendor} ${source}`]?.[name];
    if (form === undefined) throw new Error(`${vendor} ${source} has no form ${name}`);
    if (form[event] === 'silence') return [];
    request = merged(request, layered(form, event)) as Json;
  }
  return [request];
}

/** What holds for every event, under what holds for this one; other layers lie between. */
function layered(form: z.output<typeof layers>, event: string): Json {
  const others = Object.keys(form).filter(
    (name) => name !== 'every event' && !(EVENTS as readonly string[]).includes(name),
  );
  let whole: unknown = {};
  for (const name of ['every event', ...others, event]) whole = merged(whole, form[name] ?? {});
  return whole as Json;
}

/** Lays one value over another: objects key by key, lists item by item. */
function merged(under: unknown, over: unknown): unknown {
  if (Array.isArray(under) && Array.isArray(over)) {
    return Array.from({ length: Math.max(under.length, over.length) }, (_, i) =>
      i < over.length ? merged(under[i], over[i]) : under[i],
    );
  }
  if (!isObject(under) || !isObject(over)) return over;
  const out: Json = { ...under };
  for (const [key, value] of Object.entries(over))
    out[key] = Object.hasOwn(under, key) ? merged(under[key], value) : value;
  return out;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
