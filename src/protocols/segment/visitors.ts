import type { StatedPreferences } from '../../core/values.ts';
import { asObject } from '../../core/reply.ts';
import type { SentBy } from '../admission.ts';
import type { Visitor } from '../hit.ts';
import { mistakesOf, said } from '../json-parts.ts';
import { statedVisitor, visitor as visitorSchema } from '../stated-visitor.ts';
import { textOf } from './people.ts';
import { preferencesIn } from './statement.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The visitors of one request, with what their calls say of consent. */
export class Visitors {
  /** The visitor of a call that cannot be read. */
  readonly nobody: Visitor;
  readonly #sender: SentBy;
  readonly #browser: Visitor;
  #last: { readonly said: string; readonly visitor: Visitor } | undefined;

  /** @param browser the visitor whose browser sent the request; not used for a request of a back end */
  constructor(sender: SentBy, browser: Visitor) {
    this.#sender = sender;
    this.#browser = browser;
    this.nobody = sender === 'browser' ? browser : statedVisitor(undefined);
  }

  /**
   * The visitor of a call, by its context; a text = what is wrong in the context.
   * @param chosenAt the time of a choice, if the call reports one
   */
  of(context: Fields, chosenAt: number | undefined): Visitor | string {
    const byPage = this.#sender === 'browser';
    const preferences = preferencesIn(context['consent'], { byPage, chosenAt });
    return byPage ? this.#ofBrowser(preferences) : ofBackEnd(context, preferences);
  }

  /** Calls with the same consent share one visitor object, so its cookies are read once. */
  #ofBrowser(preferences: StatedPreferences | undefined): Visitor {
    if (preferences === undefined) return this.#browser;
    const text = JSON.stringify([preferences.chosenAt, [...(preferences.categories ?? ['unreadable'])]]);
    if (this.#last?.said !== text) {
      this.#last = { said: text, visitor: { ...this.#browser, stated: statedBy(preferences) } };
    }
    return this.#last.visitor;
  }
}

function ofBackEnd(context: Fields, preferences: StatedPreferences | undefined): Visitor | string {
  const own = visitorSchema.nullish().safeParse(asObject(context['portvakt'])?.['visitor']);
  if (!own.success) return mistakesOf(own.error, ['context', 'portvakt', 'visitor']).slice(0, 3).map(said).join('; ');
  const stated = statedVisitor(own.data);
  return {
    ...stated,
    userAgent: stated.userAgent ?? textOf(context['userAgent']),
    address: stated.address ?? textOf(context['ip']),
    ...(preferences !== undefined && { stated: statedBy(preferences) }),
  };
}

function statedBy(preferences: StatedPreferences): NonNullable<Visitor['stated']> {
  return { record: undefined, withheld: 0, preferences };
}
