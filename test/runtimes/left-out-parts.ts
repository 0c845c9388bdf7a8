// The parts of the sources from which something is left out on the way into a worker.
export { Recent } from '../../src/core/recent.ts';
export { clientAddress, isInside, networkOf, truncateIp } from '../../src/privacy/ip.ts';
export { readUserAgent } from '../../src/privacy/user-agent.ts';
export { event, eventsBody } from '../../src/protocols/json/event-schema.ts';
export { readStatement } from '../../src/protocols/measurement/statement.ts';
export { judge } from '../../destinations/microsoft-ads/judge.ts';
export { readGoogleError } from '../../src/core/data-manager/judge.ts';
