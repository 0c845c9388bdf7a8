export { readCollect } from './ga4/read.ts';
export { readJson } from './json/read.ts';
