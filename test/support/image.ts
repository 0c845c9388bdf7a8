import { readFileSync } from 'node:fs';

/** How the container image starts Node, from the Dockerfile: what an operator gets. */
export function image(): { readonly flags: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const text = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const entry = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1] ?? '[]') as readonly string[];
  const env = [...text.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]);
  return { flags: entry.filter((word) => word.startsWith('--')), env: Object.fromEntries(env) };
}
