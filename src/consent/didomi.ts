import { asObject, asString, asStrings } from './json.ts';
import { base64Object, perObject, type Platform } from './platform.ts';
import { listed } from './platform.ts';
import { choice, noChoice, unreadable } from './reading.ts';
import { isoTime } from './text.ts';

/** Didomi (`consent/README.md` 1): base64 JSON; the purposes are the site's own. IAB purposes are in the TC string. */
export const didomi: Platform = {
  name: 'didomi',
  title: 'Didomi',
  cookies: ['didomi_token'],
  needsMapping: true,
  read: perObject(base64Object, (root, context) => {
    const facts = { at: isoTime(asString(root.get('updated'))), id: asString(root.get('user_id')) };
    if (!root.has('purposes') && !root.has('vendors')) return noChoice(context.source, facts);
    const purposes = asObject(root.get('purposes'));
    const enabled = purposes?.has('enabled') === true ? asStrings(purposes.get('enabled')) : [];
    const disabled = purposes?.has('disabled') === true ? asStrings(purposes.get('disabled')) : [];
    if (enabled === undefined || disabled === undefined) return unreadable(context.source);
    const { on, off } = listed(
      enabled.filter((purpose) => !disabled.includes(purpose)),
      context,
    );
    return choice(context.source, on, off, facts);
  }),
};
