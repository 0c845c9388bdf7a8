import { asJsonObject, asString, type JsonObject } from '../json.ts';
import { byCategory, categorised, jsonObject, perObject, type Platform } from '../platform.ts';
import { choice, noChoice } from '../reading.ts';
import { isoTime } from '../text.ts';

/**
 * iubenda (`consent.md` 1): purposes 2 and 3 are preferences, 4 measurement, 5 marketing; or one word for all.
 * What the platform writes beside the record (`-granular`, `-uspr`, `-gcm`) are other cookies.
 */
export const iubenda: Platform = {
  name: 'iubenda',
  title: 'iubenda',
  cookies: [{ name: '_iub_cs-*', is: /^_iub_cs-s?\d{1,20}$/ }],
  read: perObject(jsonObject, (root, context) => {
    const { source, all } = context;
    const facts = {
      at: isoTime(asString(root.get('timestamp'))),
      id: asString(asJsonObject(root.get('cons'))?.get('rand')),
      version: asString(root.get('version')),
    };
    const purposes = asJsonObject(root.get('purposes'));
    const consent = root.get('consent');
    if (consent === false) return choice(source, 0, all, facts);
    if (purposes !== undefined) {
      const { on, off } =
        context.purposes === undefined
          ? categorised(context, isOn(purposes, '2', '3'), isOn(purposes, '4'), isOn(purposes, '5'))
          : byCategory(context, {}, (number) => isOn(purposes, number));
      return choice(source, on, off, facts);
    }
    return consent === true ? choice(source, all, 0, facts) : noChoice(source, facts);
  }),
};

/** Whether all of these purposes that the site has were accepted; undefined where it has none of them. */
function isOn(purposes: JsonObject, ...numbers: readonly string[]): boolean | undefined {
  const states = numbers.map((number) => purposes.get(number)).filter((state) => state !== undefined);
  return states.length === 0 ? undefined : states.every((state) => state === true);
}
