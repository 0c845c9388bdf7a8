// Written by `npm run gen` from the folders beside it.
import type { Destination } from '../src/core/destination.ts';
import meta from './meta/index.ts';

/** Every destination by its `type`. */
export const destinations: Readonly<Record<string, Destination>> = {
  meta,
};
