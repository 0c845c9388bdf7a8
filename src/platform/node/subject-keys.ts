import type { Gateway } from '../../policy/gateway.ts';

/** Subjects of one site whose keys are remembered: one hit names the same ones for every route. */
const REMEMBERED = 4_096;

/**
 * Keyed hashes of subjects, cut to 52 bits so that they are exact numbers; two visitors of a queue of a million share
 * one with a chance below one in a thousand million. Undefined for a site that is not configured.
 */
export function subjectKeys(gateway: Gateway): (site: string, subject: string) => number | undefined {
  const keysOf = new Map(gateway.sites.map((site) => [site.name, remembering(site.keys.subject)]));
  return (site, subject) => keysOf.get(site)?.(subject);
}

function remembering(hash: (text: string) => Uint8Array): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    let key = known.get(text);
    if (key === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      const bytes = hash(text);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      key = (view.getUint32(0) & 0xfffff) * 2 ** 32 + view.getUint32(4);
      known.set(text, key);
    }
    return key;
  };
}
