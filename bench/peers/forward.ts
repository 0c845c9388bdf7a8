import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/**
 * What people write first: answer 204, send the hit on with `fetch`, look at nothing, store nothing.
 * `node forward.ts <sink>`
 */
const [sink] = process.argv.slice(2);
const app = new Hono();
app.all('*', async (c) => {
  const { search } = new URL(c.req.url);
  const body = c.req.method === 'GET' ? null : await c.req.text();
  fetch(`${sink}/www.google-analytics.com/g/collect${search}`, { method: c.req.method, body }).then(
    (answer) => answer.arrayBuffer(),
    () => undefined,
  );
  return c.body(null, 204);
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`ready http://127.0.0.1:${port}`),
);
