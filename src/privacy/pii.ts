export type { Kind } from './findings.ts';
export { dropKey } from './keys.ts';
export { scrub, scrubCounted, type Scrubbed } from './scrub.ts';
