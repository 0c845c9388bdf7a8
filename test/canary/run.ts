import { egressViolation } from '../../src/delivery/egress/index.ts';
import { tableOf } from '../support/egress.ts';
import { goesToOutbox, recordOf } from '../../src/delivery/records.ts';
import { accountOf } from '../../src/ledger/account.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { previewRecord } from '../../src/http/preview.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { EventTrace, Trace } from '../../src/decide/trace.ts';
import type { RouteTrace } from '../../src/policy/decide.ts';
import { allPermissions, permission, type Kind, type Place, type Setting, type Vendor } from './kinds.ts';
import { generate, type Generated } from './generate.ts';
import type { Profile } from './profiles.ts';
import { digestsOf, search, type Digests, type Found } from './search.ts';

/** Something that was found where it must not be. */
export interface Leak {
  readonly profile: string;
  readonly place: string;
  readonly kind: Kind;
  readonly form: string;
  readonly how: string;
  readonly serial: number;
  readonly said: string;
  readonly granted: number;
  /** The text it was found in. Canaries only, so it can be shown. */
  readonly text: string;
}

/** What a run has seen. */
export interface Summary {
  hits: number;
  refused: number;
  events: number;
  /** (event, route) pairs by outcome. */
  readonly outcomes: Record<string, number>;
  /** Texts searched, and their characters. */
  texts: number;
  characters: number;
  /** Planned requests that the check before the socket would stop, by its rule: what was allowed must not be lost. */
  readonly heldBack: Record<string, number>;
  leaks: number;
  /** The first of each sort, in full. */
  readonly examples: Map<string, Leak>;
  /** Permitted finds by the line of the table that permits them. */
  readonly seen: Map<string, number>;
}

export function emptySummary(): Summary {
  return {
    hits: 0,
    refused: 0,
    events: 0,
    outcomes: {},
    texts: 0,
    characters: 0,
    heldBack: {},
    leaks: 0,
    examples: new Map(),
    seen: new Map(),
  };
}

/** Lines of the table that let something pass and that no hit of the run has used: a run too short, or a table too lax. */
export function unused(summary: Summary): string[] {
  return allPermissions().filter((line) => !summary.seen.has(line));
}

/** So many hits back, digits that look like a canary are one. */
const RECENT = 300;
const MOST_EXAMPLES = 1_000;

/** Puts a leak into a text on its way to the search: what the search must then find. */
export type Plant = (text: string, place: Place, trace: Trace, serial: number) => string;

/** Sends hits through everything that happens before a socket, and searches all that comes out of it. */
export class Run {
  readonly summary = emptySummary();
  private readonly profiles: readonly Profile[];
  private readonly counters = new Counters();

  private readonly plant: Plant;

  constructor(profiles: readonly Profile[], plant: Plant = (text) => text) {
    this.profiles = profiles;
    this.plant = plant;
  }

  /** Hits `from` up to, not including, `to`. */
  hits(from: number, to: number): void {
    for (let serial = from; serial < to; serial++) {
      const profile = this.profiles[serial % this.profiles.length] as Profile;
      this.one(profile, generate(profile, serial));
    }
  }

  /** Searches what is left at the end: the counters, as the metrics show them. */
  finish(latest: number): Summary {
    const { counters } = this;
    const kept = JSON.stringify(counters, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    this.look(kept, { place: 'elsewhere', granted: 0, limited: false, choices: new Set() }, 'metrics', latest);
    return this.summary;
  }

  private one(profile: Profile, made: Generated): void {
    const { summary } = this;
    const { hit, said, serial } = made;
    const about = `${profile.name} | ${said.how}`;
    summary.hits++;
    const done = decide(hit, profile.gateway, profile.windows.at(profile.gateway, hit.at));
    let known: Digests | undefined;
    const digests = (): Digests => (known ??= digestsOf(made.values, serial));
    const lookFor = (text: string, setting: Setting): void =>
      this.look(text, setting, about, serial, digests, made.literals);
    const own: Setting = { place: 'elsewhere', granted: said.granted, limited: false, choices: profile.choices };
    if ('problem' in done) {
      summary.refused++;
      lookFor(JSON.stringify(done.problem), own);
      return;
    }
    const { trace } = done;
    const lookAt = (text: string, setting: Setting): void =>
      lookFor(this.plant(text, setting.place, trace, serial), setting);
    const account = accountOf(trace, true);
    this.counters.accept(account, []);
    profile.windows.count(account);
    // A vendor that the site has no route of has no service that could be refused: its cookies rest on the signal alone.
    const here = new Set([...profile.routes.values()].map(({ vendor }) => vendor));
    const grantedTo = (vendor: Vendor): number => (here.has(vendor) ? said.grantedTo(vendor) : said.granted);
    lookAt(trace.setCookies.join('\n'), { ...own, place: 'set-cookie', grantedTo });
    for (const event of trace.events) {
      summary.events++;
      const { routes, ...head } = previewRecord(trace, event);
      lookAt(JSON.stringify(head), { ...own, place: 'preview' });
      for (const [i, decision] of event.routes.entries()) {
        const { outcome, route } = decision;
        summary.outcomes[outcome] = (summary.outcomes[outcome] ?? 0) + 1;
        const known = profile.routes.get(route.name);
        if (known === undefined) throw new Error(`${about}: route ${route.name} is not in the YAML`);
        const setting: Setting = {
          place: known.vendor,
          granted: said.grantedTo(known.vendor),
          limited: known.limited && !said.ended(known.vendor),
          choices: profile.choices,
          routeNeeds: known.needs,
        };
        const { sent = '', ...shown } = routes[i] ?? {};
        lookAt(JSON.stringify(shown), own);
        if (outcome !== 'planned') lookAt(sent, own);
        // What the preview shows of it is no more than what is stored.
        else lookAt(sent, { ...setting, stored: true });
        if (outcome === 'planned')
          for (const { text, ...where } of outgoing(trace, event, decision, profile, summary))
            lookAt(text, { ...setting, ...where });
      }
    }
  }

  private look(
    text: string,
    setting: Setting,
    about: string,
    latest: number,
    digests?: () => Digests,
    literals?: Generated['literals'],
  ): void {
    const { summary } = this;
    summary.texts++;
    summary.characters += text.length;
    for (const found of search(text, { from: latest - RECENT, to: latest }, digests, literals)) {
      // A value of an earlier hit may be nowhere, whatever this visitor has chosen.
      const line =
        found.serial === latest || found.form === 'prefix' ? permission(found.kind, found.form, setting) : undefined;
      if (line !== undefined) summary.seen.set(line, (summary.seen.get(line) ?? 0) + 1);
      else this.report(found, text, setting, about);
    }
  }

  private report(found: Found, text: string, setting: Setting, about: string): void {
    const { summary } = this;
    const [profile = '', said = ''] = about.split(' | ');
    summary.leaks++;
    const { kind, form, how, serial } = found;
    const { place, granted } = setting;
    const sort = `${kind} ${form} -> ${place}`;
    if (summary.examples.has(sort) || summary.examples.size === MOST_EXAMPLES) return;
    summary.examples.set(sort, { profile, place, kind, form, how, serial, said, granted, text: text.slice(0, 4000) });
  }
}

/** What would go out for one decision, and what the row on disk says beside that. */
function outgoing(
  trace: Trace,
  event: EventTrace,
  decision: RouteTrace,
  profile: Profile,
  summary: Summary,
): { text: string; stored: boolean }[] {
  if (!goesToOutbox(decision) || decision.plan === undefined) return [];
  const { route, plan, signals, permit } = decision;
  // Subjects and the mark are in memory only: the store writes keyed hashes (the test of the process reads its files).
  const { subjects: _, routes, ...record } = recordOf(trace, event, [decision], profile.gateway.policy);
  const stored = { ...record, routes: routes.map(({ mark: __, ...rest }) => rest) };
  const request = route.bound.request(plan.envelope, [plan.element]);
  const facts = { signals, acceptedAt: trace.hit.at, verdict: permit.verdict };
  const rule = egressViolation(tableOf(route.bound.egress), [facts], request);
  if (rule !== undefined) {
    const held = `${route.destination.name}: ${rule}`;
    summary.heldBack[held] = (summary.heldBack[held] ?? 0) + 1;
  }
  return [
    { text: JSON.stringify(stored), stored: true },
    { text: JSON.stringify(request), stored: false },
  ];
}
