import { json } from '../../protocols/json/index.ts';

/** What became of events. */
export interface TrafficCounts {
  /** Answered 204: these must not be lost. */
  readonly acknowledged: Set<number>;
  /** Answered otherwise, or not at all: they may have been accepted or not. */
  refused: number;
}

export interface Traffic extends TrafficCounts {
  /** Sends no more, and waits for the answers that are under way. */
  readonly stop: () => Promise<void>;
}

const [EVENTS_PATH] = json.doors[0].paths;
const CLIENTS = 12;
const PAUSE_MS = 180;
const PATIENCE_MS = 10_000;
/** How often a request that a gateway did not answer is sent to the next one, as a proxy does it. */
const AGAIN = 3;

/** An event's id: findable in whatever a vendor gets. */
const idOf = (n: number): string => `demo-${n}-z`;
const ID = /demo-(\d+)-z/g;

/** The numbers of the events in a request to a vendor, each once. */
export function numbersIn(text: string): number[] {
  return [...new Set([...text.matchAll(ID)].map(([, n]) => Number(n)))];
}

/** Visitors who buy something every now and then, at one gateway after the other: some 60 events a second. */
export function startTraffic(urls: () => readonly string[]): Traffic {
  const tally: TrafficCounts = { acknowledged: new Set(), refused: 0 };
  let next = 0;
  let running = true;
  const visitor = async (): Promise<void> => {
    while (running) {
      const n = next++;
      if (await isTaken(n, urls)) tally.acknowledged.add(n);
      else tally.refused++;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const all = Promise.all(Array.from({ length: CLIENTS }, visitor));
  return Object.assign(tally, {
    stop: async () => {
      running = false;
      await all;
    },
  });
}

async function isTaken(n: number, urls: () => readonly string[]): Promise<boolean> {
  for (let tries = 0; tries < AGAIN; tries++) {
    const up = urls();
    try {
      const { status } = await fetch(`${up[(n + tries) % up.length]}${EVENTS_PATH}`, {
        method: 'POST',
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...purchase(n),
      });
      return status === 204;
    } catch {
      // It was killed before it answered.
    }
  }
  return false;
}

function purchase(n: number): { readonly headers: Record<string, string>; readonly body: string } {
  const seconds = Math.floor(Date.now() / 1000) - 60;
  const consent = encodeURIComponent(JSON.stringify({ categories: ['necessary', 'analytics', 'marketing'] }));
  const cookie = `cc_cookie=${consent}; _ga=GA1.1.${1_000_000_000 + n}.${seconds}; _fbp=fb.1.${seconds * 1000}.${n}`;
  const params = { currency: 'NOK', value: 100, transaction_id: idOf(n) };
  return {
    headers: { origin: 'https://shop.example.com', 'content-type': 'application/json', cookie },
    body: JSON.stringify({ events: [{ name: 'purchase', id: idOf(n), params }] }),
  };
}
