import * as z from 'zod';
import type { ConfigPath } from './finding.ts';

/** A text of the settings whose schema has a mark. */
export interface Marked<M> {
  readonly text: string;
  readonly path: ConfigPath;
  readonly atKey: boolean;
  readonly mark: M;
}

/**
 * The texts in a value that their schema marks: keys and values of records, members of lists, at any depth.
 * @param mark the name of the mark, as given to `.meta()`
 */
export function markedIn<M>(mark: string, schema: z.core.$ZodType | undefined, value: unknown): Marked<M>[] {
  return find(schema, value, []);

  function find(of: z.core.$ZodType | undefined, here: unknown, path: ConfigPath): Marked<M>[] {
    const inner = unwrapped(of);
    if (inner === undefined || here === undefined) return [];
    if (typeof here === 'string') return at(inner, here, path, false);
    if (inner instanceof z.ZodArray && Array.isArray(here))
      return here.flatMap((one, i) => find(inner.element, one, [...path, i]));
    if (typeof here !== 'object' || here === null) return [];
    const entries = Object.entries(here);
    if (inner instanceof z.ZodObject)
      return entries.flatMap(([key, one]) => find((inner.shape as Shape)[key], one, [...path, key]));
    if (inner instanceof z.ZodRecord)
      return entries.flatMap(([key, one]) => [
        ...at(inner.keyType, key, [...path, key], true),
        ...find(inner.valueType, one, [...path, key]),
      ]);
    return [];
  }

  function at(of: z.core.$ZodType | undefined, text: string, path: ConfigPath, atKey: boolean): Marked<M>[] {
    const found = of && z.globalRegistry.get(of)?.[mark];
    return found === undefined ? [] : [{ text, path, atKey, mark: found as M }];
  }
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.def.innerType;
  return inner;
}
