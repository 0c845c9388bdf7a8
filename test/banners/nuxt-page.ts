import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** nuxt-cookie-control is a part of Nuxt: its page is a whole application, made as its users make theirs. */
export const NUXT_BANNER = 'nuxt-cookie-control';

const APP = join(import.meta.dirname, 'nuxt');
const NUXT = join(import.meta.dirname, 'node_modules/nuxt/bin/nuxt.mjs');

/** What a visitor does: the bar as long as nothing is chosen, afterwards the dialog behind the round button. */
const CHOOSE = `window.choose = async (step) => {
  const one = async (find) => {
    for (;;) {
      const found = find();
      if (found) return found;
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  const button = (text) => [...document.querySelectorAll('.cookieControl button')].find((it) => it.textContent.trim() === text);
  const round = () => document.querySelector('.cookieControl__ControlButton');
  (await one(() => round() ?? button('Learn more and customize'))).click();
  if (step === 'accept') (await one(() => button('Accept all'))).click();
  if (step === 'reject') (await one(() => button('Decline all'))).click();
  if (step !== 'partly') return;
  for (const name of ['Statistics', 'Marketing']) {
    const box = await one(() => document.getElementById(name));
    if (box.checked !== (name === 'Statistics')) box.click();
  }
  (await one(() => button('Save'))).click();
};`;

/** Every file of the application by its path. */
export async function nuxtPages(): Promise<Record<string, string>> {
  const [build, out] = [mkdtempSync(join(tmpdir(), 'nuxt-')), mkdtempSync(join(tmpdir(), 'nuxt-'))];
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    NUXT_BUILD: build,
    NUXT_OUT: out,
    NUXT_TELEMETRY_DISABLED: '1',
  };
  await promisify(execFile)(process.execPath, [NUXT, 'generate'], { cwd: APP, env, timeout: 240_000 });
  const files = join(out, 'public');
  const pages: Record<string, string> = {};
  for (const file of readdirSync(files, { recursive: true, encoding: 'utf8' }))
    if (/\.(?:js|css|json)$/.test(file)) pages[`/${NUXT_BANNER}/${file}`] = readFileSync(join(files, file), 'utf8');
  const page = readFileSync(join(files, 'index.html'), 'utf8');
  pages[`/${NUXT_BANNER}`] = page.replace('</body>', () => `<script>${CHOOSE}</script></body>`);
  for (const dir of [build, out]) rmSync(dir, { recursive: true });
  return pages;
}
