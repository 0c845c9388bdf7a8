import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeReply, Recorded } from '../support/recorder.ts';
import { VENDORS } from '../support/vendors.ts';

/** An answer of a vendor, or a fault of the network in its place. */
export type Answer = FakeReply | 'reset' | 'cut off' | 'never';

/**
 * What a vendor answers to the nth request (from 1) with these events; undefined = as if all were well. `refused` says
 * which of the events an answer names as bad; the others of it are taken.
 */
export type Script = (n: number, ids: readonly string[]) => Answer | undefined;

/** One request about events of one row. */
export interface Seen {
  readonly at: number;
  readonly ids: readonly string[];
  readonly path: string;
  readonly fine: boolean;
}

export interface Scripted {
  readonly url: string;
  /** Requests by row. */
  readonly of: (row: string) => readonly Seen[];
  readonly set: (row: string, script: Script) => void;
  /** From now on all is well. */
  readonly mend: () => void;
  /** Requests that belong to no row, tokens aside. */
  readonly strays: () => readonly string[];
  readonly tokens: () => number;
  readonly close: () => Promise<void>;
}

/** Ids of this test look like `r007-e12`: row and event. */
const ID = /r\d{3}-e\d\d/g;

/** Plays all vendors as their sheets say, except where a row has a script. */
export async function startScripted(): Promise<Scripted> {
  const seen = new Map<string, Seen[]>();
  const scripts = new Map<string, Script>();
  const strays: string[] = [];
  let tokens = 0;
  let mended = false;

  async function answer(request: Recorded, outgoing: ServerResponse): Promise<void> {
    // The fakes check every request, also those that are answered otherwise.
    const usual = (await VENDORS.find(({ hosts }) => hosts.includes(request.host))?.answer(request)) ?? { status: 404 };
    if (request.host === 'oauth2.googleapis.com') {
      tokens++;
      reply(outgoing, usual);
      return;
    }
    const ids = [...new Set(`${request.query} ${request.body}`.match(ID) ?? [])];
    const row = ids[0]?.slice(0, 4);
    if (row === undefined || ids.some((id) => !id.startsWith(row))) {
      strays.push(`${request.host}${request.path}`);
      reply(outgoing, usual);
      return;
    }
    const before = seen.get(row) ?? [];
    const scripted = mended ? undefined : scripts.get(row)?.(before.length + 1, ids);
    seen.set(row, [...before, { at: Date.now(), ids, path: request.path, fine: scripted === undefined }]);
    reply(outgoing, scripted ?? usual);
  }

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [, host = '', path = '', query = ''] = /^\/([^/]+)([^?]*)\??(.*)$/.exec(incoming.url ?? '') ?? [];
      const headers: Record<string, string | undefined> = {};
      for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
      const body = Buffer.concat(chunks).toString('utf8');
      void answer({ at: Date.now(), method: incoming.method ?? '', host, path, query, headers, body }, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    of: (row) => seen.get(row) ?? [],
    set: (row, script) => void scripts.set(row, script),
    mend: () => {
      mended = true;
    },
    strays: () => strays,
    tokens: () => tokens,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function reply(outgoing: ServerResponse, answer: Answer): void {
  switch (answer) {
    case 'reset':
      outgoing.socket?.resetAndDestroy();
      return;
    case 'cut off':
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      outgoing.write('{"events_received":', () => outgoing.socket?.destroy());
      return;
    case 'never':
      return;
    default:
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
  }
}
