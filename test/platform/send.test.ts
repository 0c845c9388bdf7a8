import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Unsendable } from '../../src/delivery/lane/ports.ts';
import { isPublic, publicOnly } from '../../src/runtimes/node/http/addresses.ts';
import { vendorPool, type TestAuthority } from '../../src/runtimes/node/http/connections.ts';
import { MAX_BODY, roundTrip } from '../../src/runtimes/node/vendors/round-trip.ts';
import { createSend, sinkOf, type NodeSend } from '../../src/runtimes/node/vendors/send.ts';
import { startRecorder } from '../support/recorder.ts';

const cleanUp: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).toReversed()) await end();
});

/** A server that does with each connection what the test says. */
async function serve(
  handle: (socket: Socket, connection: number) => void,
): Promise<{ url: string; port: number; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket, ++connections);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, port, connections: () => connections };
}

function sender(sink: string, more: { timeoutMs?: number } = {}): NodeSend {
  const send = createSend({ sink, version: '1.2.3', ...more });
  cleanUp.push(() => send.close());
  return send;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function trickle(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await sleep(0);
  }
}

const HOSTS = ['vendor.example.com'];
const get = (headers: Record<string, string> = {}) => ({
  method: 'GET' as const,
  url: 'https://vendor.example.com/p?q=1',
  headers,
});

describe('to a sink (design 7.3)', () => {
  it('method, path, query, headers and body arrive unchanged behind the vendor host', async () => {
    const sink = await startRecorder();
    cleanUp.push(sink.close);
    const send = sender(sink.url);
    await send(
      {
        method: 'POST',
        url: 'https://vendor.example.com/a/b%20c?x=%C3%A6&y',
        headers: { 'content-type': 'application/json', 'X-Own': 'æ' },
        body: '{"n":"blåbær"}',
      },
      HOSTS,
    );
    await send(
      { method: 'GET', url: 'https://vendor.example.com?only=query', headers: { 'user-agent': 'Mozilla/5.0 (X)' } },
      HOSTS,
    );
    const [post, plain] = sink.requests;
    expect(post).toMatchObject({
      method: 'POST',
      host: 'vendor.example.com',
      path: '/a/b%20c',
      query: 'x=%C3%A6&y',
      body: '{"n":"blåbær"}',
    });
    expect(post?.headers).toEqual({
      host: sink.url.slice(7),
      'content-type': 'application/json',
      'x-own': 'æ',
      'user-agent': 'portvakt/1.2.3',
      connection: 'keep-alive',
      'content-length': String(Buffer.byteLength('{"n":"blåbær"}')),
    });
    expect(plain).toMatchObject({ path: '/', query: 'only=query', body: '' });
    expect(plain?.headers).toEqual({
      host: sink.url.slice(7),
      connection: 'keep-alive',
      'user-agent': 'Mozilla/5.0 (X)',
    });
  });

  it('is on this machine, or is refused', () => {
    for (const sink of [
      'http://10.0.0.1:80',
      'https://127.0.0.1:1',
      'http://127.0.0.1',
      'http://example.com:80',
      'http://127.0.0.1.example.com:80',
      'http://127.0.0.1:99999',
    ]) {
      expect(() => sinkOf(sink)).toThrow(TypeError);
    }
    for (const sink of ['http://127.0.0.1:8080', 'http://[::1]:1', 'http://localhost:65535/'])
      expect(() => sinkOf(sink)).not.toThrow();
  });
});

describe('what is not sent (R67-R69)', () => {
  const send = () => sender('http://127.0.0.1:9');
  it.each([
    'http://vendor.example.com/',
    'https://other.example.com/',
    'https://vendor.example.com.evil.example/',
    'https://vendor.example.com@evil.example/',
    'https://evil.example/https://vendor.example.com/',
    'https://vendor.example.com:8443/',
    'https://vendor.example.com\\@evil.example/',
    'https://vendor.example.com/a b',
    'https://vendor.example.com/a\r\nx: y',
  ])('%j', async (url) => {
    await expect(send()({ method: 'GET', url, headers: {} }, HOSTS)).rejects.toBeInstanceOf(Unsendable);
  });
  it.each([
    ['x', 'a\r\ny: b'],
    ['x', 'a\nb'],
    ['x', 'a\0b'],
    ['x y', 'a'],
    ['x', '日本'],
    ['Host', 'evil.example'],
    ['transfer-encoding', 'chunked'],
    ['content-length', '5'],
    ['Connection', 'close'],
    ['expect', '100-continue'],
    ['', 'a'],
    ['x:', 'a'],
  ])('header %j: %j', async (name, value) => {
    await expect(send()(get({ [name]: value }), HOSTS)).rejects.toBeInstanceOf(Unsendable);
  });
});

describe('addresses (R68)', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b::a00:1',
    '64:ff9b::6440:1',
    '64:ff9b:1::808:808',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2001::1',
    '::7f00:1',
    '::808:808',
    '::2',
    '::ffff:0:808:808',
    'fec0::1',
    '100::1',
    '3fff::1',
    '4000::1',
    '192.0.0.8',
    '192.168.0.0',
    '198.18.0.1',
    '198.19.255.255',
    '203.0.113.7',
    '100.127.255.255',
    '172.31.255.255',
    '240.0.0.1',
    '0.1.2.3',
    '2001:db8::1',
    'localhost',
    '2130706433x',
    '',
  ])('%s is refused', (address) => expect(isPublic(address)).toBe(false));
  it.each(['8.8.8.8', '142.250.74.78', '100.128.0.1', '172.32.0.1', '2a00:1450:400f:80d::200e', '64:ff9b::8efa:4a4e'])(
    "%s is a vendor's",
    (address) => expect(isPublic(address)).toBe(true),
  );

  describe('of a name', () => {
    const resolving = (...addresses: string[]) =>
      new Promise((resolve) => {
        const answer = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        const resolver = ((_: string, _options: object, done: (error: null, found: typeof answer) => void) =>
          done(null, answer)) as unknown as Parameters<typeof publicOnly>[0];
        publicOnly(resolver)('vendor.example.com', { all: true }, (error, found) => resolve(error?.code ?? found));
      });
    it('those that were checked are those that are connected to', async () => {
      expect(await resolving('8.8.8.8', '2a00:1450:400f:80d::200e')).toEqual([
        { address: '8.8.8.8', family: 4 },
        { address: '2a00:1450:400f:80d::200e', family: 6 },
      ]);
    });
    it('one that is not public refuses the name, and so does none at all', async () => {
      expect(await resolving('8.8.8.8', '10.0.0.1')).toBe('EADDRREFUSED');
      expect(await resolving('8.8.8.8', '::ffff:169.254.169.254')).toBe('EADDRREFUSED');
      expect(await resolving()).toBe('EADDRREFUSED');
    });
  });

  it('a name that leads to this machine is refused without a sink', async () => {
    const send = createSend({ version: '0' });
    cleanUp.push(() => send.close());
    await expect(send({ method: 'GET', url: 'https://localhost/', headers: {} }, ['localhost'])).rejects.toMatchObject({
      code: 'EADDRREFUSED',
    });
  });

  it.each([
    '127.0.0.1',
    '8.8.8.8',
    '[::1]',
    '2130706433',
    '0x7f.1',
    '127.1',
    'VENDOR.example.com',
    'vendor.example.com.:1',
  ])('an address in place of a name is refused, declared or not: %s', async (host) => {
    const send = createSend({ version: '0' });
    cleanUp.push(() => send.close());
    await expect(send({ method: 'GET', url: `https://${host}/`, headers: {} }, [host])).rejects.toBeInstanceOf(
      Unsendable,
    );
  });
});

describe('TLS (R81)', () => {
  const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
  async function tlsServer(hear: (head: string) => void = () => {}): Promise<number> {
    const server = createTlsServer({ key: fixture('self-signed.key'), cert: fixture('self-signed.crt') }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        hear(chunk.toString());
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUp.push(() => void server.close());
    return (server.address() as { port: number }).port;
  }
  const lookup: NonNullable<TestAuthority['lookup']> = (_, options, callback) =>
    options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
  const getFrom = (host: string, test: TestAuthority) => {
    const pool = vendorPool(host, { timeoutMs: 5000 }, { lookup, ...test });
    cleanUp.push(() => pool.destroy());
    return () => roundTrip(pool, { method: 'GET', path: '/' }, 5000);
  };

  it('refuses a self-signed certificate, and one for another name; takes a trusted one', async () => {
    const port = await tlsServer();
    await expect(getFrom('vendor.example.com', { port })()).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    const ca = fixture('self-signed.crt');
    await expect(getFrom('other.example.com', { port, ca })()).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const trusted = getFrom('vendor.example.com', { port, ca });
    expect(await trusted()).toMatchObject({ status: 204 });
    expect(await trusted()).toMatchObject({ status: 204 });
  });

  it('verifies though the environment says not to', async () => {
    const port = await tlsServer();
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    cleanUp.push(() => void vi.unstubAllEnvs());
    await expect(getFrom('vendor.example.com', { port })()).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  });

  it('what was given up before there was a connection is never sent', async () => {
    const heard: string[] = [];
    const port = await tlsServer((head) => heard.push(head));
    const waiting: (() => void)[] = [];
    const held: typeof lookup = (...args) => void waiting.push(() => lookup(...args));
    const pool = vendorPool(
      'vendor.example.com',
      { timeoutMs: 5000 },
      { port, ca: fixture('self-signed.crt'), lookup: held },
    );
    cleanUp.push(() => pool.destroy());
    await expect(roundTrip(pool, { method: 'GET', path: '/late' }, 50)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const next = roundTrip(pool, { method: 'GET', path: '/next' }, 5000);
    for (const resolveName of waiting.splice(0)) resolveName();
    await sleep(100);
    for (const resolveName of waiting) resolveName();
    expect(await next).toMatchObject({ status: 204 });
    expect(heard.map((head) => head.split(' ')[1])).toEqual(['/next']);
  });

  it('asks the resolver once for a connection: there is no second answer to be different', async () => {
    const port = await tlsServer();
    const asked: string[] = [];
    const counting: typeof lookup = (name, options, callback) => {
      asked.push(name);
      lookup(name, options, callback);
    };
    const get = getFrom('vendor.example.com', { port, ca: fixture('self-signed.crt'), lookup: counting });
    await get();
    await sleep(20);
    await get();
    expect(asked).toEqual(['vendor.example.com']);
  });
});

describe('answers (R56, R74)', () => {
  it('a redirect is an answer, not an order', async () => {
    const server = await serve((socket) =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n'),
      ),
    );
    expect(await sender(server.url)(get(), HOSTS)).toMatchObject({
      status: 302,
      headers: { location: 'http://169.254.169.254/' },
      body: '',
    });
    expect(server.connections()).toBe(1);
  });

  it('reads 64 KiB of a gigabyte, then hangs up', async () => {
    let written = 0;
    const server = await serve((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
        const chunk = Buffer.alloc(64 * 1024, 'x');
        const more = () => {
          while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
        };
        socket.on('drain', more);
        more();
      });
    });
    const reply = await sender(server.url)(get(), HOSTS);
    expect(reply.body.length).toBe(MAX_BODY);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(64 * 2 ** 20);
  });

  it('gives up on a body that trickles', async () => {
    const server = await serve((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 100);
        socket.on('close', () => clearInterval(timer));
      });
    });
    await expect(sender(server.url, { timeoutMs: 600 })(get(), HOSTS)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('waits as long as the request says, whatever the runtime gives the others', async () => {
    const server = await serve(() => {});
    const patient = sender(server.url, { timeoutMs: 600_000 });
    await expect(patient({ ...get(), timeoutMs: 50 }, HOSTS)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('reuses a connection, and opens another after the vendor has closed it', async () => {
    const server = await serve((socket) =>
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        if (server.connections() === 1 && ++answered === 2) socket.end();
      }),
    );
    let answered = 0;
    const send = sender(server.url);
    for (let i = 0; i < 4; i++) {
      expect(await send(get(), HOSTS)).toMatchObject({ status: 200, body: 'ok' });
      await sleep(20);
    }
    expect(server.connections()).toBe(2);
  });

  it('a kept connection that is closed as we write: counted as failed, so the outbox sends it again', async () => {
    const server = await serve((socket, connection) => {
      let answered = 0;
      socket.on('data', () => {
        if (connection === 1 && ++answered === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const send = sender(server.url);
    await send(get(), HOSTS);
    await sleep(20);
    await expect(send(get(), HOSTS)).rejects.toMatchObject({ name: 'Failed', code: 'ECONNRESET' });
    expect(await send(get(), HOSTS)).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(2);
  });

  it('does not send twice what a new connection lost', async () => {
    const server = await serve((socket) => socket.on('data', () => socket.destroy()));
    await expect(sender(server.url)(get(), HOSTS)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.connections()).toBe(1);
  });

  it.each([
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a header without name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}`],
  ])('%s: not an answer', async (_, text) => {
    const server = await serve((socket) => socket.once('data', () => socket.write(text)));
    await expect(sender(server.url)(get(), HOSTS)).rejects.toMatchObject({ code: 'EBADREPLY' });
  });

  it.each([
    ['nothing in the body', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '' }],
    [
      'a header twice',
      'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n',
      { headers: { a: '1, 2', 'content-length': '0' } },
    ],
    [
      'chunks and a trailer',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n',
      { status: 200, body: 'abc0123456789' },
    ],
    [
      'early hints before it',
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
      { status: 200, body: 'x', headers: { 'content-length': '1' } },
    ],
    [
      'a letter cut in two by its length',
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nblåbæ').toString('latin1'),
      { status: 200, body: 'blåbæ' },
    ],
  ])('%s: the same answer in one piece or byte by byte', async (_, text, expected) => {
    const server = await serve((socket, connection) =>
      socket.once('data', () => {
        socket.setNoDelay(true);
        const bytes = Buffer.from(text, 'latin1');
        if (connection === 1) socket.end(bytes);
        else void trickle(socket, bytes);
      }),
    );
    expect(await sender(server.url)(get(), HOSTS)).toEqual(
      expect.objectContaining({ ...expected, at: expect.any(Number) }),
    );
    expect(await sender(server.url)(get(), HOSTS)).toEqual(expect.objectContaining(expected));
  });

  it.each([
    ['100', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ])('%s, which nobody asked for, is not an answer', async (_, text) => {
    const server = await serve((socket) => socket.once('data', () => socket.write(text)));
    await expect(sender(server.url)(get(), HOSTS)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('interim answers without end are given up', async () => {
    const server = await serve((socket) => {
      socket.once('data', () => {
        const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 50);
        socket.on('close', () => clearInterval(timer));
      });
    });
    await expect(sender(server.url, { timeoutMs: 600 })(get(), HOSTS)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it.each([
    ['before the head ends', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nabc'],
    [
      'in the body, though it said it would close',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nabc',
    ],
  ])('closed %s: half an answer is none', async (_, text) => {
    const server = await serve((socket) => socket.once('data', () => socket.end(text)));
    await expect(sender(server.url)(get(), HOSTS)).rejects.toMatchObject({
      name: 'Failed',
      code: expect.stringMatching(/^(ECONNRESET|EBADREPLY)$/),
    });
  });

  it('an answer that comes before the request was read, and the end of the connection with it', async () => {
    const server = await serve((socket) => {
      socket.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    const send = sender(server.url);
    const attempt = send({ ...get(), method: 'POST', body: 'x'.repeat(4_000_000) }, HOSTS);
    // Either is true to what happened; what must not be is a wait until the timeout, or a success.
    const ended = await attempt.then(
      ({ status }) => status,
      (error: { code: string }) => error.code,
    );
    expect([413, 'ECONNRESET', 'EPIPE']).toContain(ended);
  });

  const FORGED = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
  it.each([
    ['at once', 0],
    ['while the connection rests', 30],
  ])('bytes beyond an answer, %s, are not the next answer', async (_, later) => {
    const server = await serve((socket, connection) =>
      socket.on('data', () => {
        const own = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${connection === 1 ? 'ok' : 'OK'}`;
        if (connection > 1) socket.write(own);
        else if (later === 0) socket.write(own + FORGED);
        else {
          socket.write(own);
          setTimeout(() => socket.write(FORGED), later);
        }
      }),
    );
    const send = sender(server.url);
    expect(await send(get(), HOSTS)).toMatchObject({ body: 'ok' });
    await sleep(later + 50);
    expect(await send(get(), HOSTS)).toMatchObject({ body: 'OK' });
    expect(server.connections()).toBe(2);
  });

  it('requests that wait for the same connection do not take the bytes beyond an answer either', async () => {
    const server = await serve((socket) =>
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${FORGED}`)),
    );
    const send = sender(server.url);
    const replies = await Promise.all(Array.from({ length: 300 }, () => send(get(), HOSTS)));
    expect(new Set(replies.map(({ body }) => body))).toEqual(new Set(['ok']));
  });

  it('cookies and pages of a vendor change nothing in what is sent next, and cookies are not kept', async () => {
    const heads: string[] = [];
    const page = '<html><meta http-equiv="refresh" content="0;url=http://169.254.169.254/"><img src="/x"></html>';
    const server = await serve((socket) =>
      socket.on('data', (chunk: Buffer) => {
        heads.push(chunk.toString());
        socket.write(
          `HTTP/1.1 200 OK\r\nSet-Cookie: id=1; Path=/\r\nSet-Cookie: b=2\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
        );
      }),
    );
    const send = sender(server.url);
    const first = await send(get(), HOSTS);
    expect(first).toMatchObject({ status: 200, body: page });
    expect(first.headers).not.toHaveProperty('set-cookie');
    await send(get(), HOSTS);
    expect(heads).toHaveLength(2);
    expect(heads[1]).toBe(heads[0]);
  });

  it('a body of exactly the limit leaves the connection open; one byte more closes it', async () => {
    const sizes = [MAX_BODY, MAX_BODY, MAX_BODY + 1, 1];
    const server = await serve((socket) =>
      socket.on('data', () => {
        const size = sizes.shift() ?? 0;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
      }),
    );
    const send = sender(server.url);
    const lengths: number[] = [];
    for (let i = 0; i < 4; i++) {
      lengths.push((await send(get(), HOSTS)).body.length);
      await sleep(20);
    }
    expect(lengths).toEqual([MAX_BODY, MAX_BODY, MAX_BODY, 1]);
    expect(server.connections()).toBe(2);
  });

  it('reads an answer that ends with the connection', async () => {
    const server = await serve((socket) => socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it')));
    expect(await sender(server.url)(get(), HOSTS)).toMatchObject({ status: 200, body: 'all of it' });
  });
});

describe('connections', () => {
  it('are at most 128 to a vendor; the rest wait their turn, and one that hangs holds up no other', async () => {
    let open = 0;
    let most = 0;
    const server = await serve((socket) => {
      most = Math.max(most, ++open);
      socket.on('close', () => open--);
      socket.on('data', (chunk: Buffer) => {
        if (chunk.toString().startsWith('GET /hangs.example.com/')) return;
        setTimeout(() => socket.write('HTTP/1.1 204 No Content\r\n\r\n'), 5);
      });
    });
    const hosts = [...HOSTS, 'hangs.example.com'];
    // Long beside 400 answers, on a machine that has other things to do, too.
    const send = sender(server.url, { timeoutMs: 8_000 });
    const stuck = Array.from({ length: 200 }, () =>
      send({ method: 'GET', url: 'https://hangs.example.com/', headers: {} }, hosts).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      ),
    );
    const replies = await Promise.all(Array.from({ length: 400 }, () => send(get(), hosts)));
    expect(replies.every(({ status }) => status === 204)).toBe(true);
    expect(most).toBeLessThanOrEqual(256);
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(['ETIMEDOUT']));
  });

  it('end when the sender is closed, and so does what is under way', async () => {
    const server = await serve(() => {});
    const send = createSend({ sink: server.url, version: '0' });
    const attempt = send(get(), HOSTS);
    await vi.waitFor(() => expect(server.connections()).toBe(1));
    send.close();
    await expect(attempt).rejects.toMatchObject({ name: 'Failed' });
    await expect(send(get(), HOSTS)).rejects.toMatchObject({ name: 'Failed' });
  });

  it('to nobody: the code of the system', async () => {
    await expect(sender('http://127.0.0.1:1')(get(), HOSTS)).rejects.toMatchObject({
      name: 'Failed',
      code: 'ECONNREFUSED',
    });
  });
});
