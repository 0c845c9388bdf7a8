/** Headers of an answer. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** Headers of every answer of the public listener. */
export const ALWAYS: AnswerHeaders = {
  // No cache may keep an answer: its cookies hold ids (R33).
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** Headers of a site's answer that no page of another origin may read. */
export const WITHOUT_ORIGIN: AnswerHeaders = { ...ALWAYS, vary: 'Origin' };

/** By listed origin: the headers of an answer to a page there (CORS). */
export function headersByOrigin(origins: readonly string[]): ReadonlyMap<string, AnswerHeaders> {
  return new Map(
    origins.map((origin) => [
      origin,
      { ...WITHOUT_ORIGIN, 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' },
    ]),
  );
}
