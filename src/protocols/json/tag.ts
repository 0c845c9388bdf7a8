import type { Script } from '../protocol.ts';
import { TAG_TEXT } from './tag-text.ts';

/** The tag (docs/tag.md). It sends to `../v1/events`, relative to its own address, so no prefix and no host is written in it. */
export const TAG: Script = { path: '/g/pv.js', text: TAG_TEXT, what: 'the [tag](tag.md)' };
