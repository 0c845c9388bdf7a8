import * as z from 'zod';
import { eventNameSetting } from '../../core/event-name-setting.ts';
import { numberIn } from '../../policy/rules.ts';
import { settledNumbers, unfit, unknownField, unsettable, type ConditionConfig, type Wrong } from './rule-fields.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const several = z.array(scalar).min(1).max(1000);
const parts = z.strictObject({
  '=': z.union([scalar, several]).optional().describe('This value, or any of a list.'),
  '>=': z.number().optional().describe('At least this.'),
  '<': z.number().optional().describe('Less than this.'),
  prefix: z.string().min(1).optional().describe('It begins with this text.'),
  exists: z.boolean().optional().describe('`true`: the field has any value. `false`: it has none.'),
});

type Written = z.output<typeof scalar> | z.output<typeof several> | z.output<typeof parts>;

/** What may be asked of a field. */
export const CONDITIONS =
  'expected a value, a list of values, `">= 100"`, `"< 100"`, `{ prefix: text }` or `{ exists: true }`';
/** How the words begin where nothing is. */
export const NOTHING_ASKED = 'nothing is asked of';

/** `">= 100"`, `"< 100"`, `"= text"`, a value, a list of values, or the parts by name. */
function conditionOf(on: string, written: Written): ConditionConfig | Wrong {
  if (Array.isArray(written)) return { on, is: written.map(String) };
  if (typeof written === 'object') {
    const { '=': is, '>=': atLeast, '<': below, prefix, exists } = written;
    if (Object.keys(written).length === 0) return { message: `${NOTHING_ASKED} \`${on}\`: ${CONDITIONS}` };
    return {
      on,
      ...(is !== undefined && { is: (Array.isArray(is) ? is : [is]).map(String) }),
      ...(atLeast !== undefined && { atLeast }),
      ...(below !== undefined && { below }),
      ...(prefix !== undefined && { prefix }),
      ...(exists !== undefined && { exists }),
    };
  }
  const [, operator, rest = ''] = /^(>=|<=|=>|=<|==|!=|<>|=|>|<|~)\s*(.*)$/.exec(String(written)) ?? [];
  if (operator === undefined) return { on, is: [String(written)] };
  if (operator === '=' || operator === '==') return { on, is: [rest] };
  const number = numberIn(rest);
  if ((operator === '>=' || operator === '<') && number !== undefined)
    return operator === '<' ? { on, below: number } : { on, atLeast: number };
  return {
    message: CONDITIONS,
    instead: number !== undefined && '=>'.includes(operator.charAt(0)) ? `">= ${rest}"` : undefined,
  };
}

const when = z.record(z.string().min(1).max(80), z.union([scalar, several, parts])).transform((written, context) =>
  Object.entries(written).flatMap(([on, value]): ConditionConfig[] => {
    const read = conditionOf(on, value);
    const wrong = 'message' in read ? (unknownField(on) ?? read) : unfit(read);
    if (wrong === undefined) return [settledNumbers(read as ConditionConfig)];
    const { message, instead } = wrong;
    context.issues.push({ code: 'custom', path: [on], message, params: { instead }, input: value });
    return [];
  }),
);

const set = z.record(z.string().min(1).max(80), scalar).superRefine((values, context) => {
  for (const [on, value] of Object.entries(values)) {
    const wrong = unsettable(on, value);
    if (wrong === undefined) continue;
    const { message, instead } = wrong;
    context.addIssue({ code: 'custom', path: [on], message, params: { instead } });
  }
});

/** A rule of a route: its event, the vendor's name for it, and the values it is given. */
export const ruleSchema = z.strictObject({
  event: eventNameSetting().describe('The name of the event.'),
  when: when
    .optional()
    .describe(
      'Conditions by field, which must all be met: a value, a list of values, `">= 100"`, `"< 100"`, `{ prefix: text }`, `{ exists: true }`. ' +
        'Fields are those of the event (`value`, `page_location`), custom parameters are `params.<name>`. A condition on a field that the consent of the visitor does not open for the route is never met.',
    ),
  as: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("The vendor's name of the event, for vendors that have event names."),
  conversion: z
    .string({ error: 'expected the id of a conversion, in quotes' })
    .min(1)
    .max(100)
    .optional()
    .describe('The conversion as which it counts, for vendors that have ids of conversions. In quotes.'),
  set: set
    .optional()
    .describe('Values the event gets: `value`, `currency`, `tax`, `shipping`, `coupon`, `params.<name>`.'),
});

/** A rule as the configuration has it. */
export type RuleConfig = z.output<typeof ruleSchema>;
