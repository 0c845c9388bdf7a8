import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** Our own base with nothing in it: every request is answered 204. The ceiling. `node hono.ts` */
const app = new Hono();
app.all('*', (c) => c.body(null, 204));
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`ready http://127.0.0.1:${port}`),
);
