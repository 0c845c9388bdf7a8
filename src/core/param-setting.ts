import * as z from 'zod';
import { nearest } from './nearest.ts';

/*
 * Custom parameters of events as values of the configuration. The mark tells the linter that the text names one: a name
 * that no event brings would stay without a value, which is easily overlooked.
 */

const PARAM = 'params.';
const NAME = '[A-Za-z][A-Za-z0-9_]{0,39}';
const IS_NAME = new RegExp(`^${NAME}$`);

/** How a marked setting names a custom parameter: by its name alone, or behind `params.` beside these words. */
export type ParamMark = 'name' | readonly string[];

/** The name of a custom parameter. */
export function paramSetting() {
  return z
    .string()
    .regex(IS_NAME, 'expected the name of a parameter of your events, e.g. `page_type`')
    .meta({ param: 'name' satisfies ParamMark });
}

/** One of some words, or `params.` and the name of a custom parameter. */
export function sourceSetting(words: readonly string[]) {
  const known = words.map((word) => `\`${word}\``).join(', ');
  const message = `expected ${words.length > 1 ? 'one of ' : ''}${known}, or \`params.<name>\` for a parameter of your events`;
  return z
    .string()
    .superRefine((text, context) => {
      if (words.includes(text) || paramIn(text) !== undefined) return;
      context.addIssue({ code: 'custom', message, params: { instead: meantBy(text, words) } });
    })
    .meta({ pattern: `^(?:${words.join('|')}|params\\.${NAME})$`, param: words satisfies ParamMark });
}

/** The custom parameter that a source names. */
export function paramIn(source: string): string | undefined {
  const name = source.slice(PARAM.length);
  return source.startsWith(PARAM) && IS_NAME.test(name) ? name : undefined;
}

function meantBy(text: string, words: readonly string[]): string | undefined {
  return nearest(text, words) ?? (IS_NAME.test(text) ? `${PARAM}${text}` : undefined);
}
