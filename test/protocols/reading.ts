import type { Hit, Problem, HitReading, Visitor } from '../../src/protocols/hit.ts';

export const AT = 1795169700000;

/** A browser of which nothing is known. */
export const VISITOR: Visitor = {
  cookies: '',
  gpc: false,
  userAgent: undefined,
  address: undefined,
  country: undefined,
  clientId: undefined,
  sessionId: undefined,
};

export function hitOf(part: Partial<Hit>): Hit {
  return {
    id: '0123456789abcdef0123456789abcdef',
    at: AT,
    method: 'POST',
    path: '/g/collect',
    query: '',
    host: 'shop.example.no',
    headers: {},
    body: '',
    peer: undefined,
    ...part,
  };
}

export function expectReading(result: HitReading | Problem): HitReading {
  if ('status' in result) throw new Error(`refused: ${result.detail}`);
  return result;
}

export function expectProblem(result: HitReading | Problem): Problem {
  if (!('status' in result)) throw new Error('was not refused');
  return result;
}
