import { testGateway, type TestRoute } from '../support/delivery.ts';

/** What the delivery thread of a test makes its gateway from. */
export default function gatewayFrom(input: {
  routes: readonly TestRoute[];
  deadLetters?: number;
  maxSize?: number;
  policy?: string;
}) {
  const { routes, ...more } = input;
  return testGateway(routes, more);
}
