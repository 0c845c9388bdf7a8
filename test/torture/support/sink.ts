import { startRecorder, type FakeReply, type Recorded } from '../../support/recorder.ts';
import { HOST, idsIn, type RouteName } from './world.ts';

/** Every vendor at once, remembering only which events came, and when. */
export interface Sink {
  readonly url: string;
  /** Event id -> when it was accepted, unix milliseconds, by route. */
  readonly accepted: (route: RouteName) => ReadonlyMap<string, readonly number[]>;
  /** Requests to a route's vendor so far. */
  readonly requests: (route: RouteName) => number;
  /** Makes a vendor answer in its own way. What it answers 2xx counts as accepted, unless `ids` says which. */
  readonly answer: (route: RouteName, how: Answer | undefined) => void;
  readonly close: () => Promise<void>;
}

export type Answer = (request: Recorded, ids: readonly string[]) => (FakeReply & Taken) | Promise<FakeReply & Taken>;

interface Taken {
  /** The events accepted; without it all, if the status is 2xx. */
  readonly ids?: readonly string[];
}

const KEPT_REQUESTS = 1_000;

/** What each vendor says when all is well. */
const WELL: Readonly<Record<RouteName, (ids: readonly string[]) => FakeReply>> = {
  ga4: () => ({ status: 204 }),
  meta: (ids) => ({ status: 200, body: JSON.stringify({ events_received: ids.length, messages: [] }) }),
  linkedin: () => ({ status: 201 }),
  microsoft_ads: (ids) => ({ status: 200, body: JSON.stringify({ eventsReceived: ids.length }) }),
};

export async function startSink(): Promise<Sink> {
  const accepted = new Map<RouteName, Map<string, number[]>>();
  const counts = new Map<RouteName, number>();
  const answers = new Map<RouteName, Answer>();
  const names = Object.keys(HOST) as RouteName[];
  for (const name of names) accepted.set(name, new Map());
  const recorder = await startRecorder(
    names.map((name) => ({
      hosts: [HOST[name]],
      answer: async (request) => {
        if (recorder.requests.length > KEPT_REQUESTS) recorder.clear();
        counts.set(name, (counts.get(name) ?? 0) + 1);
        const ids = idsIn(`${request.query} ${request.body}`);
        const reply: FakeReply & Taken = (await answers.get(name)?.(request, ids)) ?? WELL[name](ids);
        const taken = reply.ids ?? (reply.status >= 200 && reply.status < 300 ? ids : []);
        for (const id of taken) remember(accepted.get(name) as Map<string, number[]>, id);
        return reply;
      },
    })),
  );
  return {
    url: recorder.url,
    accepted: (route) => accepted.get(route) ?? new Map(),
    requests: (route) => counts.get(route) ?? 0,
    answer: (route, how) => {
      if (how === undefined) answers.delete(route);
      else answers.set(route, how);
    },
    close: recorder.close,
  };
}

/** What a vendor answers when all is well. */
export const fine = (route: RouteName, ids: readonly string[]): FakeReply => WELL[route](ids);

function remember(seen: Map<string, number[]>, id: string): void {
  const times = seen.get(id);
  if (times === undefined) seen.set(id, [Date.now()]);
  else times.push(Date.now());
}
