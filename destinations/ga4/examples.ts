import type { Example } from '../../src/core/destination.ts';

export const EXAMPLES: readonly Example[] = [];
