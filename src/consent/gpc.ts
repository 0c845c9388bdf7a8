import { AD_SIGNALS } from '../core/signals.ts';
import { restriction } from './reading.ts';
import type { Reading } from './types.ts';

const HONOURED = restriction('gpc', 'denied', AD_SIGNALS, 0, 'Global Privacy Control: an objection to advertising');
const RECORDED = restriction('gpc', 'none', 0, 0, 'Global Privacy Control, not honoured by this site');

/** `Sec-GPC: 1` (R89). */
export function readGpc(honoured: boolean): Reading {
  return honoured ? HONOURED : RECORDED;
}
