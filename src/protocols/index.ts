import { ga4 } from './ga4/index.ts';
import { json } from './json/index.ts';
import { measurement } from './measurement/index.ts';
import type { Protocol } from './protocol.ts';
import { segment } from './segment/index.ts';

const all = [ga4, json, measurement, segment] as const;

/** The name of a way in. */
export type SourceName = (typeof all)[number]['name'];

/** Every way in. A case that names no protocol uses the first. */
export const PROTOCOLS: readonly [Protocol<SourceName>, ...Protocol<SourceName>[]] = all;
