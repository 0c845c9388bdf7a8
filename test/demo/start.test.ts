import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { temporary } from '../support/serve.ts';
import { freePort } from '../../src/demo/free-ports.ts';
import { startDemo } from './start.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('starting the demo', () => {
  const busy: Server[] = [];
  afterEach(() => {
    for (const server of busy.splice(0)) server.close();
  });
  async function busyPort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    busy.push(server);
    return (server.address() as AddressInfo).port;
  }

  it('prints what to open, needs no credentials, and stops when asked', async () => {
    const [port, admin] = [await freePort(), await freePort()];
    const demo = startDemo(['--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${admin}`]);
    await demo.says('Ctrl-C');
    expect(demo.output()).toContain(`http://127.0.0.1:${port}/`);
    expect(demo.output()).toContain(`http://127.0.0.1:${admin}/preview`);
    // Everything the page needs is served from here, and none of it from a cache.
    const page = await fetch(`http://127.0.0.1:${port}/`);
    const files = [...(await page.text()).matchAll(/(?:src|href)="(\/demo\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(files.length).toBeGreaterThan(3);
    for (const path of files) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-store']);
    }
    expect(await demo.stop()).toBe(0);
  });

  it('says that a port is taken, which one, and what to do', async () => {
    const taken = await busyPort();
    const demo = startDemo(['--listen', `127.0.0.1:${taken}`, '--admin', `127.0.0.1:${await freePort()}`]);
    expect(await demo.ended).toBe(2);
    expect(demo.log()).toContain(`--listen 127.0.0.1:${taken}`);
    expect(demo.log()).toContain('choose another port');
    expect(demo.log()).not.toMatch(/^\s+at /m);
    expect(demo.output()).toBe('');
  });

  it('says so of the admin port, too', async () => {
    const taken = await busyPort();
    const demo = startDemo(['--listen', `127.0.0.1:${await freePort()}`, '--admin', `127.0.0.1:${taken}`]);
    expect(await demo.ended).toBe(2);
    expect(demo.log()).toContain(`--admin 127.0.0.1:${taken}`);
    expect(demo.log()).not.toMatch(/^\s+at /m);
  });

  it("wants a port it can put into the page's origin", async () => {
    const demo = startDemo(['--listen', '127.0.0.1:0']);
    expect(await demo.ended).toBe(2);
    expect(demo.log()).toContain('--listen');
  });

  it('says what is missing where the development dependencies are not installed', async () => {
    const copy = temporary();
    for (const part of ['src', 'destinations', 'config', 'package.json']) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    mkdirSync(join(copy, 'node_modules'));
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      if (name === 'vanilla-cookieconsent' || name.startsWith('.')) continue;
      symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
    }
    const demo = startDemo([], copy);
    expect(await demo.ended).toBe(2);
    expect(demo.log()).toMatch(/development dependencies.*npm ci && npm start/);
    expect(demo.log()).not.toMatch(/^\s+at /m);
  });
});
