import { judgeIngest } from '../../src/core/data-manager/judge.ts';
import type { Reply, Verdict } from '../../src/core/destination.ts';
import { judgePixel } from '../../src/core/reply.ts';
import { PING } from './ping.ts';

/** What Google's answer means (`destinations/google-ads.md` 2.7); a ping has an answer of its own. */
export function judge(reply: Reply, count: number, envelope: string): Verdict {
  return envelope === PING ? judgePixel(reply) : judgeIngest(reply, count);
}
