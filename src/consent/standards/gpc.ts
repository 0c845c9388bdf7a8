import { AD_SIGNALS } from '../../core/signals.ts';
import { restriction } from '../reading.ts';
import type { Reading } from '../types.ts';

const HONOURED = restriction('gpc', 'denied', AD_SIGNALS, 0, 'Global Privacy Control: an objection to advertising');
const RECORDED = restriction('gpc', 'none', 0, 0, 'Global Privacy Control, not honoured by this site');

/** Global Privacy Control (R89). */
export function readGpc(honoured: boolean): Reading {
  return honoured ? HONOURED : RECORDED;
}

/**
 * Whether a `Sec-GPC` header is the signal. Copies of it are joined with commas (RFC 9110 5.3), and one that objects is
 * enough. The only defined value is `1`. `0` and an empty value say nothing; any other value may be meant as an objection
 * and counts as one.
 */
export function statesGpc(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header === '1') return true;
  return header.split(',').some((member) => {
    const value = member.trim();
    return value !== '' && value !== '0';
  });
}
