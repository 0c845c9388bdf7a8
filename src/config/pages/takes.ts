import type { BoundForm } from '../../core/destination.ts';
import { codes } from './markdown.ts';

/**
 * What the forms of a route take of the events that consent lets through: as they declare it, a sentence for each part.
 * `byRules`: which events, and under which names, its rules say.
 */
export function takesOf(
  full: BoundForm | undefined,
  limited: BoundForm | undefined,
  byRules = false,
): readonly string[] {
  const without = limited === undefined ? [] : sentences(limited, byRules);
  return [
    ...(full === undefined ? [] : sentences(full, byRules)).map((text) => `- ${text}`),
    ...without.map((text) => `- Without consent: ${text.charAt(0).toLowerCase()}${text.slice(1)}`),
  ];
}

function sentences({ wants, matchesOn, requires }: BoundForm, byRules: boolean): readonly string[] {
  const renamed = [...wants.names].flatMap(([event, name]) =>
    name === undefined ? [] : [event === name ? codes([event]) : `${codes([event])} as ${codes([name])}`],
  );
  const off = [...wants.names].flatMap(([event, name]) => (name === undefined ? [event] : []));
  const names = renamed.join(', ');
  return [
    byRules
      ? 'What a rule applies to.'
      : wants.others === true
        ? `Every event, under its own name${names === '' ? '' : `, but ${names}`}.`
        : names === ''
          ? 'No event: none has a name here.'
          : `Only ${names}.`,
    ...(off.length === 0 ? [] : [`Switched off: ${codes(off)}.`]),
    ...(matchesOn === undefined
      ? []
      : [
          `Whose it is: at least one of ${matchesOn.map((group) => group.map((field) => codes([field])).join(' + ')).join(', ')}.`,
        ]),
    ...requires.map(({ event, becomes, fields }) => {
      const which = becomes === undefined ? 'Nothing' : `Nothing that becomes ${codes([becomes])}`;
      return `${event === undefined ? which : `No ${codes([event])}`} without ${codes(fields)}.`;
    }),
  ];
}
