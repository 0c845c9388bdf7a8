export type { Kind } from './findings.ts';
export { dropKey } from '../url/keys.ts';
export { scrub, scrubCounted, type Scrubbed } from './scrub.ts';
