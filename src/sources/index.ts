export { readCollect } from './ga4-collect.ts';
export { readJson } from './json.ts';
