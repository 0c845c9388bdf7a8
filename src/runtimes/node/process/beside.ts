/**
 * The address of a module of this folder that is started as a thread or a process, not imported. The published package
 * has all of them in one folder (`scripts/build.ts`).
 */
export function beside(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
