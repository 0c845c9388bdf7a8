import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type Served } from '../../support/serve.ts';

/** Compiled modules, kept between starts: a scenario may start a gateway a thousand times. */
const CACHE = join(tmpdir(), 'portvakt-compile-cache');

/** Starts `serve` as `test/support/serve.ts` does; it does not outlive this process, whatever goes wrong here. */
export async function startGateway(options: Parameters<typeof serve>[0]): Promise<Served> {
  const gateway = await serve({ ...options, env: { NODE_COMPILE_CACHE: CACHE, ...options.env } });
  const end = () => gateway.child.kill('SIGKILL');
  process.once('exit', end);
  gateway.child.once('exit', () => process.off('exit', end));
  return gateway;
}
