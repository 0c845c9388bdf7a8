import { testGateway, type TestRoute } from '../support/delivery.ts';

/** What the delivery thread of a test makes its gateway from. */
export default function gatewayFrom(input: {
  routes: readonly TestRoute[];
  deadLetters?: number;
  maxSize?: number;
  policy?: string;
  /** Makes the thread hang until this is not 0. */
  gate?: Int32Array<SharedArrayBuffer>;
}) {
  const { routes, gate, ...more } = input;
  if (gate !== undefined) Atomics.wait(gate, 0, 0);
  return testGateway(routes, more);
}
