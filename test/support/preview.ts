import type { EndedRow } from '../../src/delivery/ends.ts';
import type { PreviewRecord } from '../../src/http/preview.ts';
import type { RefusalRecord } from '../../src/http/refusals.ts';

/** What a preview is shown, as it arrives. */
export interface Watched {
  readonly text: () => string;
  readonly traces: () => PreviewRecord[];
  readonly ends: () => EndedRow[];
  readonly refusals: () => RefusalRecord[];
  /** Routes that wait for a person, as told last; undefined = nothing was told. */
  readonly stopped: () => Readonly<Record<string, string>> | undefined;
  readonly close: () => void;
}

/** Opens a stream of the preview. Rejects when it is not answered 200. */
export async function watch(url: string): Promise<Watched> {
  const stop = new AbortController();
  const answer = await fetch(url, { signal: stop.signal });
  if (answer.status !== 200) throw new Error(`the preview answered ${answer.status}`);
  let text = '';
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk, { stream: true });
  };
  read().catch(() => undefined);
  const events = (name: string): unknown[] =>
    [...text.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)]
      .filter(([, event]) => event === name)
      .map(([, , data = 'null']) => JSON.parse(data) as unknown);
  return {
    text: () => text,
    traces: () => events('trace') as PreviewRecord[],
    ends: () => (events('ended') as EndedRow[][]).flat(),
    refusals: () => events('refused') as RefusalRecord[],
    stopped: () => events('stopped').at(-1) as Readonly<Record<string, string>> | undefined,
    close: () => stop.abort(),
  };
}
