import { keyedHash } from '../../core/hash.ts';
import type { Gateway } from '../../policy/gateway.ts';
import type { IdWindow, IdWindows } from '../../privacy/replaced-id.ts';
import type { Hit } from '../../protocols/hit.ts';

/**
 * Windows for a hit that is only looked at (`explain`, cases). Their key is made of the hit's id, so the shown numbers
 * have the form of real ones but are not the same. No value counts as rare, so the result shows the most that may ever
 * leave.
 */
export function trialWindows(gateway: Gateway, hit: Hit): IdWindows {
  const windows = new Map<string, IdWindow>();
  for (const { name, privacy } of gateway.sites) {
    if (privacy.replacedIds === undefined) continue;
    const began = hit.at - (hit.at % privacy.replacedIds.window);
    windows.set(name, {
      began,
      hash: keyedHash(new TextEncoder().encode(`${hit.id}|${name}`)),
      isCommon: () => true,
    });
  }
  return windows;
}
