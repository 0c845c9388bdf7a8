import * as z from 'zod';
import { BIT, type Signal, type SignalMask, SIGNALS } from '../../core/signals.ts';
import type { StatedConsent } from '../../core/values.ts';
import { mistakesOf, time } from '../json-parts.ts';
import { NOBODY, statedVisitor, visitor } from '../stated-visitor.ts';
import type { Visitor } from '../hit.ts';
import type { Remarks } from './remarks.ts';

/** What a body says of its visitor's consent (`protocols/measurement-protocol.md` 4). */

const GRANTED = 'GRANTED';

const word = z
  .string({ error: 'expected `GRANTED` or `DENIED`' })
  .transform((text) => text.toUpperCase())
  .pipe(z.enum([GRANTED, 'DENIED'], { error: 'expected `GRANTED` or `DENIED`' }));

/** The back end's own record of a choice. */
const record = z
  .strictObject({
    ...(Object.fromEntries(SIGNALS.map((signal) => [signal, word.nullish()])) as Record<
      Signal,
      z.ZodOptional<z.ZodNullable<typeof word>>
    >),
    time,
  })
  .refine((choice) => SIGNALS.some((signal) => choice[signal] != null), {
    error: 'expected at least one signal, e.g. `analytics_storage`',
  });

const extension = z.strictObject(
  { visitor: visitor.nullish(), consent: record.nullish() },
  { error: 'expected an object with `visitor` or `consent`' },
);

/**
 * The visitor of a body, with what is said of the consent. A mistake in the gateway's own key can be corrected, so it is
 * reported and refuses the body: undefined.
 */
export function readStatement(body: Readonly<Record<string, unknown>>, about: Remarks): Visitor | undefined {
  const own = extension.nullish().safeParse(body['portvakt']);
  if (!own.success) {
    about.addAll(mistakesOf(own.error, ['portvakt']));
    return undefined;
  }
  const withheld = withheldBy(body['consent'], about) | personalisationOf(body['non_personalized_ads']);
  const choice = own.data?.consent;
  const stated =
    choice == null && withheld === 0 ? undefined : { record: choice == null ? undefined : recordOf(choice), withheld };
  return { ...(own.data?.visitor == null ? NOBODY : statedVisitor(own.data.visitor)), stated };
}

function recordOf(choice: z.output<typeof record>): NonNullable<StatedConsent['record']> {
  let granted: SignalMask = 0;
  let refused: SignalMask = 0;
  for (const signal of SIGNALS) {
    if (choice[signal] === GRANTED) granted |= BIT[signal];
    else if (choice[signal] != null) refused |= BIT[signal];
  }
  return { granted, refused, at: choice.time };
}

/**
 * Google's own `consent`, which can only take away. It has two signals; a denial of any other signal counts, too. A value
 * that is neither granted nor denied may be a denial, so it counts as one.
 */
function withheldBy(consent: unknown, about: Remarks): SignalMask {
  if (consent === undefined || consent === null) return 0;
  if (typeof consent !== 'object' || Array.isArray(consent)) {
    about.add(['consent'], 'VALUE_INVALID', 'expected an object; what cannot be read is denied');
    return BIT.ad_user_data | BIT.ad_personalization;
  }
  let withheld: SignalMask = 0;
  for (const signal of SIGNALS) {
    const said = (consent as Readonly<Record<string, unknown>>)[signal];
    if (said === undefined || said === null || said === GRANTED) continue;
    withheld |= BIT[signal];
    if (said !== 'DENIED') {
      about.add(['consent', signal], 'VALUE_INVALID', 'expected `GRANTED` or `DENIED`; what cannot be read is denied');
    }
  }
  return withheld;
}

/** Ways to say that ads may be personalised. */
const PERSONALISED: ReadonlySet<unknown> = new Set([undefined, null, false, 0, '', '0', 'false']);

function personalisationOf(nonPersonalised: unknown): SignalMask {
  return PERSONALISED.has(nonPersonalised) ? 0 : BIT.ad_personalization;
}
