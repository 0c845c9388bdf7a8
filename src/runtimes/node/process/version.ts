import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version in the package's own manifest, from a checkout as from an installed package. */
export function version(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === 'portvakt' && manifest.version !== undefined) return manifest.version;
    } catch {
      // Not here: look further up.
    }
    if (dirname(folder) === folder) return 'unknown';
  }
}
