import type { FakeReply, Recorded } from '../support/recorder.ts';

/*
 * What the stand-ins of Matomo and Piwik PRO have in common: bodies that are lists of queries (`destinations/matomo.md` 1).
 */

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** The requests in a body, each as pairs; undefined = it is no such body. */
export function requestsIn({ body }: Recorded): readonly URLSearchParams[] | undefined {
  try {
    const { requests } = JSON.parse(body) as { requests?: unknown };
    if (!Array.isArray(requests) || !requests.every((one) => typeof one === 'string' && one.startsWith('?')))
      return undefined;
    return requests.map((one: string) => new URLSearchParams(one));
  } catch {
    return undefined;
  }
}
