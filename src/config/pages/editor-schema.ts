import * as z from 'zod';
import { destinations } from '../../../destinations/index.ts';
import type { ConfigPath } from '../lint/finding.ts';
import { commonKeys } from '../compile/routes.ts';
import { configSchema } from '../schema.ts';

/** The parts of JSON Schema that are made here. */
export interface JsonSchema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly default?: unknown;
  readonly secret?: boolean;
}

const SECRET_PATTERN = '^(\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}|file:/.+)$';

/** JSON Schema of what a person writes, as opposed to what is made of it. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema['secret'] === true) jsonSchema.pattern = SECRET_PATTERN;
      // Marks for the linter alone (`core/param-setting.ts`, `core/event-name-setting.ts`).
      delete jsonSchema['param'];
      delete jsonSchema['standard'];
    },
  });
  return made as JsonSchema;
}

/** The section of a route of this type. `type` must be written where the route's name does not say it. */
function routeSchema(type: string): JsonSchema {
  const destination = destinations[type];
  const common = inputSchema(commonKeys);
  if (destination === undefined) return common;
  const settings = inputSchema(destination.settings);
  return {
    type: 'object',
    title: destination.title,
    description: `${destination.title}. ${destination.docs}`,
    properties: { ...common.properties, type: { const: type }, ...settings.properties },
    required: settings.required ?? [],
    additionalProperties: false,
  };
}

let made: JsonSchema | undefined;

/** The JSON Schema that editors check and complete a configuration with; made from the same zod schema. */
export function editorSchema(): JsonSchema {
  if (made !== undefined) return made;
  const base = inputSchema(configSchema);
  const types = Object.keys(destinations);
  const routes: JsonSchema = {
    type: 'object',
    description: base.properties?.['sites']?.items?.properties?.['destinations']?.description ?? '',
    properties: Object.fromEntries(types.map((type) => [type, routeSchema(type)])),
    additionalProperties: {
      anyOf: types.map((type) => {
        const schema = routeSchema(type);
        return { ...schema, required: ['type', ...(schema.required ?? [])] };
      }),
    },
  };
  const sites = base.properties?.['sites'];
  const site = sites?.items;
  made = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Portvakt configuration',
    ...base,
    properties: {
      ...base.properties,
      sites: { ...sites, items: { ...site, properties: { ...site?.properties, destinations: routes } } },
    },
  };
  return made;
}

/** The part of `whole` that a path leads to; undefined where none is known. `value` is the file as written. */
export function schemaAt(whole: JsonSchema, path: ConfigPath, value: unknown): JsonSchema | undefined {
  let schema: JsonSchema | undefined = whole;
  let here = value;
  for (const segment of path) {
    here = (here as Readonly<Record<string, unknown>> | null | undefined)?.[segment];
    const named: JsonSchema | undefined = candidates(schema)
      .map((candidate) => candidate.properties?.[segment])
      .find((found) => found !== undefined);
    schema =
      named ??
      candidates(schema)
        .map((candidate) => beyond(candidate, segment, here))
        .find((found) => found !== undefined);
    if (schema === undefined) return undefined;
  }
  return schema;
}

/** The keys that may stand at a path. */
export function keysAt(whole: JsonSchema, path: ConfigPath, value: unknown): readonly string[] {
  return candidates(schemaAt(whole, path, value)).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

function candidates(schema: JsonSchema | undefined): readonly JsonSchema[] {
  return schema === undefined ? [] : (schema.anyOf ?? [schema]);
}

/** What a list's element or a free key of a record must be; a route's own type decides which section it is. */
function beyond(schema: JsonSchema, segment: string | number, here: unknown): JsonSchema | undefined {
  if (typeof segment === 'number') return schema.items;
  const { additionalProperties } = schema;
  if (typeof additionalProperties !== 'object') return undefined;
  const type = (here as { readonly type?: unknown } | null | undefined)?.type;
  const ofType = additionalProperties.anyOf?.find((option) => option.properties?.['type']?.['const'] === type);
  return ofType ?? additionalProperties;
}
