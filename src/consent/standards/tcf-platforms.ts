import { perCookie, type Platform } from '../platform.ts';
import { readTcf } from './tcf.ts';

/** Platforms whose only record a server can read is a TC string. */
export const TCF_PLATFORMS: readonly Platform[] = [
  { name: 'inmobi', title: 'InMobi Choice' },
  { name: 'sirdata', title: 'Sirdata' },
].map(({ name, title }) => ({
  name,
  title,
  cookies: ['euconsent-v2'],
  read: perCookie((value, context) => readTcf(value, context), 0),
}));

/** Platforms that leave nothing a server can read, or no known format: their choice comes in the bridge cookie. */
export const BRIDGED_PLATFORMS: readonly Platform[] = [
  { name: 'usercentrics', title: 'Usercentrics' },
  { name: 'termly', title: 'Termly' },
  { name: 'secure-privacy', title: 'Secure Privacy' },
  { name: 'gravito', title: 'Gravito' },
].map(({ name, title }) => ({ name, title, cookies: [], fixed: true, bridged: true, read: () => [] }));
