import { env } from 'cloudflare:workers';
import built from 'portvakt:config';
import { gatewayOf } from './built-config.ts';

/** Made while the worker starts, because a start may take a second of processor time and a request may not. */
export const gateway = gatewayOf(built, env);
