import { asJsonObject, asString, asStrings } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { base64Object, chosen, listed, perObject, type Context, type Platform } from '../platform.ts';
import { withoutNames, withServices } from '../service-marks.ts';
import { mute, unreadable } from '../reading.ts';
import type { Service } from '../services.ts';
import { isoTime } from '../text.ts';

/** Didomi (`consent.md` 1): base64 JSON; the purposes are the site's own. IAB purposes are in the TC string. */
export const didomi: Platform = {
  name: 'didomi',
  title: 'Didomi',
  cookies: ['didomi_token'],
  needsMapping: true,
  read: perObject(base64Object, (root, context) => {
    const facts = { at: isoTime(asString(root.get('updated'))), id: asString(root.get('user_id')) };
    // An id of the visitor, written before anybody was asked, or beside a TC string that has it all.
    if (!root.has('purposes') && !root.has('vendors'))
      return mute(context.source, facts, 'an id, and no record of a choice');
    const purposes = asJsonObject(root.get('purposes'));
    const enabled = purposes?.has('enabled') === true ? asStrings(purposes.get('enabled')) : [];
    const disabled = purposes?.has('disabled') === true ? asStrings(purposes.get('disabled')) : [];
    if (enabled === undefined || disabled === undefined) return unreadable(context.source);
    const vendors = vendorsIn(root);
    if (vendors === undefined) return unreadable(context.source);
    const marks = listed(
      enabled.filter((purpose) => !disabled.includes(purpose)),
      withoutNames(
        context,
        vendors.map(([id]) => id),
      ),
    );
    // Without a mapping this record can only refuse. If it refuses nothing, the TC string beside it decides.
    if (context.purposes === undefined && disabled.length === 0 && vendors.every(([, allowed]) => allowed))
      return mute(context.source, facts, 'nothing refused, and no purposes that are mapped');
    const services = vendors.map(([id, allowed]) => serviceOf(id, allowed, context));
    return chosen(context.source, withServices(marks, services, context), facts);
  }),
};

/**
 * Vendors and whether they are allowed. A vendor is refused if its consent was refused, or its legitimate interest was
 * and no consent was given. A vendor that is in neither list was not asked about. Undefined where a list is malformed.
 */
function vendorsIn(root: JsonObject): readonly (readonly [string, boolean])[] | undefined {
  const lists = ['vendors', 'vendors_li'].map((key) => {
    const section = root.has(key) ? asJsonObject(root.get(key)) : new Map<string, never>();
    const enabled = section?.has('enabled') === true ? asStrings(section.get('enabled')) : [];
    const disabled = section?.has('disabled') === true ? asStrings(section.get('disabled')) : [];
    return section === undefined || enabled === undefined || disabled === undefined ? undefined : { enabled, disabled };
  });
  const [consent, interest] = lists;
  if (consent === undefined || interest === undefined) return undefined;
  const refused = [...consent.disabled, ...interest.disabled.filter((id) => !consent.enabled.includes(id))];
  const allowed = consent.enabled.filter((id) => !consent.disabled.includes(id));
  return [...refused.map((id) => [id, false] as const), ...allowed.map((id) => [id, true] as const)];
}

/** A vendor that the site has added: the first nine characters of its name, and eight by chance. */
const CUSTOM = /^c:(.{1,64}?)(?:-[A-Za-z0-9]{8})?$/;
const CUT = 9;

/** Whose a vendor is: by its id, its number on the IAB list, or the name in the id of one the site has added. */
function serviceOf(id: string, allowed: boolean, { book, purposes }: Context): Service {
  const name = CUSTOM.exec(id)?.[1] ?? id;
  const owner = book.mapped(id) ?? book.listedVendor(id) ?? book.ownerOf(name) ?? book.cutOwner(name, CUT);
  return { name: id, owner, allowed, signals: purposes?.get(id) ?? 0 };
}
