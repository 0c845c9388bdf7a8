import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { image } from '../../support/image.ts';
import { serve, type Served } from '../../support/serve.ts';

/** Compiled modules, kept between starts: a scenario may start a gateway a thousand times. */
const CACHE = join(tmpdir(), 'portvakt-compile-cache');

/**
 * Starts `serve` as `test/support/serve.ts` does, and what is published as the container image starts it. It does not outlive
 * this process, whatever goes wrong here.
 */
export async function startGateway(options: Parameters<typeof serve>[0]): Promise<Served> {
  const { flags, env } = process.env['PORTVAKT_MAIN'] === undefined ? { flags: [], env: {} } : image();
  const gateway = await serve({
    nodeArgs: flags,
    ...options,
    env: { NODE_COMPILE_CACHE: CACHE, ...env, ...options.env },
  });
  const end = () => gateway.child.kill('SIGKILL');
  process.once('exit', end);
  gateway.child.once('exit', () => process.off('exit', end));
  return gateway;
}
