export { readCollect } from './ga4-collect.ts';
