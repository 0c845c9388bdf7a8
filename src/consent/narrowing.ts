import { ALL_SIGNALS, AD_SIGNALS, GATE_MASK, type SignalMask } from '../core/signals.ts';
import { detached } from '../core/recent.ts';
import { MAX_NAME, type Owner, type Service, type ServiceBook } from './services.ts';
import type { ConsentRoute, RouteTerms } from './types.ts';

/** The services that are allowed in one category. */
export interface ServiceCategory {
  readonly signals: SignalMask;
  readonly services: readonly Service[];
}

/** Stands where a refused service would have its name: nobody refused, so what needs no consent stays open. */
export const UNANSWERED = undefined;

const EVERYTHING: RouteTerms = { consented: ALL_SIGNALS, open: ALL_SIGNALS };

/** Most unknown services that are reported. */
const MAX_UNKNOWN = 8;
/** The form of a service's name; an email address or a phone number does not have it. */
const NAME = /^(?=.*[A-Za-z])[\w .:&()+-]{1,40}$|^\d{1,6}$/;

/** What services and vendors take from the routes of a site, gathered while a record is read. */
export class Narrowing {
  readonly #book: ServiceBook;
  #terms: Map<string, RouteTerms> | undefined;
  #unknown: string[] | undefined;
  #left: string[] | undefined;

  constructor(book: ServiceBook) {
    this.#book = book;
  }

  /** Undefined where nothing was taken from any route. */
  get terms(): ReadonlyMap<string, RouteTerms> | undefined {
    return this.#terms;
  }

  /** Unknown names; a text without the form of a name is not repeated. */
  get unknown(): readonly string[] | undefined {
    return this.#unknown;
  }

  /** Services without an answer that a route would have needed, by names of the configuration or of the table. */
  get left(): readonly string[] | undefined {
    return this.#left;
  }

  /**
   * A refused service closes its routes. From other routes of the same vendor it takes its own signals, except those that
   * the other route needs: refusing Google Ads does not refuse Google Analytics, only the advertising in it. Where a usual
   * name stands for several routes, and a narrower name of one of these is allowed, that route keeps what it needs: a
   * visitor can refuse Google and allow Google Analytics.
   */
  refuse(services: readonly Service[]): this {
    const owners = new Set<Owner>();
    for (const { name, owner, allowed } of services) {
      if (allowed) continue;
      if (owner === undefined) this.#tell(name);
      else owners.add(owner);
    }
    for (const owner of owners) this.#close(owner, services, owner.label);
    return this;
  }

  /** Services that the visitor has not answered: the choice does not cover their routes, and nobody objected. */
  leave(unanswered: readonly Service[], beside: readonly Service[]): this {
    for (const { owner } of unanswered) {
      if (owner === undefined) continue;
      this.#close(owner, beside, UNANSWERED);
      if (owner.routes.length > 0) this.#leave(owner.label);
    }
    return this;
  }

  /** Takes signals from every route of one vendor. */
  without(vendor: string, signals: SignalMask, label: string | typeof UNANSWERED): this {
    for (const route of this.#book.routes) if (route.vendor === vendor) this.#take(route, signals, label);
    return this;
  }

  /**
   * Records that list only what is allowed: a list that is not empty decides for its category. A route keeps the signals
   * it needs only if a service of its own is listed, and further signals if a service of its vendor is. An empty list
   * decides nothing: the site has no services in that category.
   */
  list(categories: readonly ServiceCategory[]): this {
    for (const route of this.#book.routes) {
      let judged = 0;
      let kept = 0;
      for (const { signals, services } of categories) {
        if (services.length === 0) kept |= signals;
        else judged |= signals;
        for (const service of services) kept |= signals & this.#reach(service.owner, route, service.signals);
      }
      this.#take(route, judged & ~kept, route.service);
    }
    for (const { signals: given, services } of categories) {
      if ((given & GATE_MASK) === 0) continue;
      for (const { name, owner, signals } of services) if (owner === undefined && signals === 0) this.#tell(name);
    }
    return this;
  }

  /**
   * Names that the site has mapped to signals: a signal is open to a route when one of the route's names that carry it is
   * allowed. An unknown name belongs to every route. If no name belongs to the route, the signal is open only when no name
   * that carries it was refused. A signal that no name allows is refused to all routes, like a category.
   * @param unanswered names without an answer: a route that has only such a name is not covered by the choice
   */
  map(services: readonly Service[], unanswered: readonly Service[] = []): this {
    const inForce = services.reduce((mask, { allowed, signals }) => (allowed ? mask | signals : mask), 0);
    for (const route of this.#book.routes) {
      let named = 0;
      let allowed = 0;
      let refused = 0;
      let refusedName: string | undefined;
      for (const service of services) {
        const { signals } = service;
        const own = signals & this.#reach(service.owner, route, signals);
        named |= own;
        if (service.allowed) allowed |= own;
        else {
          refused |= signals;
          if (signals !== 0) refusedName ??= service.owner?.label ?? detached(service.name);
        }
      }
      let open = 0;
      for (const service of unanswered) {
        const own = service.signals & this.#reach(service.owner, route, service.signals);
        if ((own & inForce & ~allowed & route.needs) !== 0) this.#leave(service.owner?.label ?? detached(service.name));
        open |= own;
      }
      const shut = inForce & ((named & ~allowed) | (refused & ~named & ~open));
      this.#take(route, shut, refusedName ?? route.service);
      this.#take(route, inForce & open & ~allowed, UNANSWERED);
    }
    return this;
  }

  /** Signals that a service can stand for at a route. @param unknown those of a service whose owner is unknown */
  #reach(owner: Owner | undefined, route: ConsentRoute, unknown: SignalMask): SignalMask {
    if (owner === undefined) return unknown;
    if (owner.routes.includes(route.name)) return ALL_SIGNALS;
    return this.#sharesVendor(owner, route) ? ALL_SIGNALS & ~route.needs : 0;
  }

  #sharesVendor({ routes, services = [] }: Owner, { vendor }: ConsentRoute): boolean {
    if (services.some((service) => service.vendor === vendor)) return true;
    return this.#book.routes.some((route) => route.vendor === vendor && routes.includes(route.name));
  }

  #close(owner: Owner, beside: readonly Service[], label: string | typeof UNANSWERED): void {
    const { routes, services = [] } = owner;
    for (const route of this.#book.routes) {
      if (!routes.includes(route.name)) continue;
      this.#take(route, isAllowedNarrower(route, owner, beside) ? ALL_SIGNALS & ~route.needs : ALL_SIGNALS, label);
      for (const other of this.#book.routes) {
        if (other.vendor !== route.vendor || routes.includes(other.name)) continue;
        this.#take(other, purposeOf(route) & ~other.needs, label);
      }
    }
    // The site may have only other routes of the vendor: Google Analytics, and none of Google Ads.
    for (const { vendor, needs } of services) {
      const others = this.#book.routes.filter((route) => route.vendor === vendor);
      if (others.some(({ name }) => routes.includes(name))) continue;
      for (const other of others) this.#take(other, purposeOf({ needs }) & ~other.needs, label);
    }
  }

  #take(route: ConsentRoute, signals: SignalMask, label: string | typeof UNANSWERED): void {
    if (signals === 0) return;
    const before = this.#terms?.get(route.name) ?? EVERYTHING;
    const consented = before.consented & ~signals;
    const open = label === UNANSWERED ? before.open : before.open & ~signals;
    if (consented === before.consented && open === before.open) return;
    // The reason names the refusal that takes what the route needs.
    const known = label === UNANSWERED || (before.refused !== undefined && (signals & route.needs) === 0);
    (this.#terms ??= new Map()).set(route.name, { consented, open, refused: known ? before.refused : label });
  }

  #leave(label: string): void {
    this.#left ??= [];
    if (this.#left.length < MAX_UNKNOWN && !this.#left.includes(label)) this.#left.push(label);
  }

  #tell(name: string): void {
    this.#unknown ??= [];
    const isFull = this.#unknown.length >= MAX_UNKNOWN;
    if (isFull || name.length > MAX_NAME || !NAME.test(name) || this.#unknown.includes(name)) return;
    this.#unknown.push(detached(name));
  }
}

function isAllowedNarrower({ name }: ConsentRoute, refused: Owner, beside: readonly Service[]): boolean {
  if (refused.routes.length < 2 || refused.stated) return false;
  return beside.some(({ allowed, owner }) => {
    return allowed && owner?.routes.includes(name) === true && owner.routes.length < refused.routes.length;
  });
}

/** The signals that stand for the purpose of a route's service. */
function purposeOf({ needs }: Pick<ConsentRoute, 'needs'>): SignalMask {
  return (needs & AD_SIGNALS) === 0 ? needs : needs | AD_SIGNALS;
}
