import { env } from 'cloudflare:workers';
import built from 'portvakt:config';
import { gatewayOf } from './built-config.ts';

/** Made while the worker starts, where a second of processor time is allowed, and not with the first visitor. */
export const gateway = gatewayOf(built, env);
