import type { SignalMask } from '../core/signals.ts';
import { Narrowing } from './narrowing.ts';
import type { Context, SignalMarks } from './platform.ts';
import { servicesOf, type Service } from './services.ts';

/** What records say of single services, put together with what they say of categories. */

/**
 * The marks of categories, with the services that the record has beside them. A refused service is taken from its routes.
 * A signal that no category carries comes from the mapped services: it is on when one service that carries it is allowed.
 */
export function withServices(
  { on, off, narrowing }: SignalMarks,
  found: readonly Service[],
  context: Context,
): SignalMarks {
  const all = (narrowing ?? new Narrowing(context.book)).refuse(found.filter(isKnown(context.purposes)));
  const mapped = found.filter(({ signals }) => signals !== 0);
  if (mapped.length === 0) return { on, off, narrowing: all };
  const names = new Set(mapped.map(({ name }) => name));
  let carried = 0;
  for (const [name, signals] of context.purposes ?? []) if (!names.has(name)) carried |= signals;
  const own = mapped.map((service) => ({ ...service, signals: service.signals & ~carried }));
  let allowed = 0;
  let refused = 0;
  for (const service of own) {
    if (service.allowed) allowed |= service.signals;
    else refused |= service.signals;
  }
  return { on: on | allowed, off: off | (refused & ~allowed), narrowing: all.map(own) };
}

/** The context with a mapping without these names, for reading the categories alone. */
export function withoutNames(context: Context, names: readonly string[]): Context {
  const { purposes } = context;
  if (purposes === undefined || !names.some((name) => purposes.has(name))) return context;
  return { ...context, purposes: new Map([...purposes].filter(([name]) => !names.includes(name))) };
}

/**
 * SignalMarks of a platform that writes services and their state. A signal that several services carry is on when one of
 * them is allowed; the routes of the services decide for which routes it is on. A service that the record does not have,
 * because the site added it later, was not answered; nor was one of `waiting`.
 */
export function services(
  flags: readonly (readonly [string, boolean])[],
  context: Context,
  waiting: readonly string[] = [],
): SignalMarks {
  const { book, purposes } = context;
  const found = servicesOf(flags, book, purposes);
  const answered = new Set(found.map(({ name }) => name));
  const names = [...waiting, ...(purposes?.keys() ?? [])].filter((name) => !answered.has(name));
  const unanswered = servicesOf(flagsOf(names, new Set()), book, purposes);
  let on = 0;
  let off = 0;
  for (const { allowed, signals } of found) {
    if (allowed) on |= signals;
    else off |= signals;
  }
  const narrowing = new Narrowing(book).map(found, unanswered).refuse(found.filter(isKnown(purposes)));
  const left = unanswered.filter(({ name }) => waiting.includes(name));
  return { on, off: off & ~on, narrowing: narrowing.leave(left, found) };
}

/** Whether a service belongs to a vendor, or is in no mapping, so that its vendor is unknown. */
function isKnown(purposes: Context['purposes']): (service: { name: string; owner: unknown }) => boolean {
  return ({ name, owner }) => owner !== undefined || purposes?.has(name) !== true;
}

/** How a platform that lists services within categories is read. */
export interface Listing {
  /** The marks of the categories alone. */
  readonly marks: (context: Context) => SignalMarks;
  /** What a category stands for. */
  readonly signalsOf: (category: string) => SignalMask;
  /** Every category is written, so that a mapped name that is missing is a service. */
  readonly absentIsService: boolean;
}

/**
 * SignalMarks of a platform that lists for each category which of its services are allowed. A name the site has mapped is a
 * category if the record has it as one, else a service.
 */
export function listedServices(
  lists: ReadonlyMap<string, readonly string[]>,
  accepted: readonly string[],
  context: Context,
  { marks, signalsOf, absentIsService }: Listing,
): SignalMarks {
  const { book, purposes } = context;
  const allowed = new Set([...new Set(accepted)].flatMap((category) => lists.get(category) ?? []));
  const names = [...(purposes?.keys() ?? [])].filter(
    (name) => !lists.has(name) && !accepted.includes(name) && (absentIsService || allowed.has(name)),
  );
  const narrowing = new Narrowing(book);
  const mapped = names.length === 0 ? undefined : mappedServices(names, allowed, accepted, context, narrowing);
  const { on, off } = marks(mapped?.context ?? context);
  narrowing.list(
    Array.from(new Set(accepted), (category) => {
      const inside = servicesOf(flagsOf(lists.get(category) ?? [], allowed), book, purposes);
      const carried = inside.reduce((mask, { signals }) => mask | signals, 0);
      return { signals: signalsOf(category) || carried, services: inside };
    }),
  );
  if (mapped === undefined) return { on, off, narrowing };
  return { on: on | mapped.on, off: off | (mapped.off & ~on & ~mapped.on), narrowing };
}

/** The signals of mapped services that no category carries, and what these services take from single routes. */
function mappedServices(
  names: readonly string[],
  allowed: ReadonlySet<string>,
  accepted: readonly string[],
  context: Context,
  narrowing: Narrowing,
): SignalMarks & { readonly context: Context } {
  const { book, purposes = new Map<string, SignalMask>() } = context;
  const categories = new Map([...purposes].filter(([name]) => !names.includes(name)));
  const found = servicesOf(flagsOf(names, allowed), book, purposes);
  const beside = servicesOf(flagsOf(categories.keys(), new Set(accepted)), book, purposes);
  let carried = 0;
  for (const signals of categories.values()) carried |= signals;
  let on = 0;
  let off = 0;
  for (const service of found) {
    if (service.allowed) on |= service.signals & ~carried;
    else off |= service.signals & ~carried;
  }
  narrowing.map([...found, ...beside]).refuse(found.filter(({ owner }) => owner !== undefined));
  return { on, off, context: { ...context, purposes: categories } };
}

function flagsOf(names: Iterable<string>, on: ReadonlySet<string>): (readonly [string, boolean])[] {
  return Array.from(names, (name) => [name, on.has(name)] as const);
}
