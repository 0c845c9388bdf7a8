import { stdout } from 'node:process';
import { styleText } from 'node:util';
import type { DecisionInWords } from './words.ts';

/** What is printed once the demo runs. `open` is the address of the shop. */
export function welcome(open: string, adminUrl: string): string {
  return `
Portvakt is running, with a recorder on this machine in place of every vendor: nothing leaves it.

  Open      ${style('bold', open)}
            A demo shop. Choose in its banner, click, and see what each vendor receives, and why.
  Preview   ${adminUrl}/preview
  Metrics   ${adminUrl}/metrics

Every decision is printed here as well. Stop with Ctrl-C.
`;
}

/** One event: who gets something, who gets nothing, and why. */
export function showDecision({ event, allowed, routes, deleted }: DecisionInWords): string {
  const width = Math.max(0, ...routes.map(({ route }) => route.length));
  return [
    `\n${style('bold', event)} - the visitor has allowed ${allowed}`,
    ...routes.map(({ route, sends, words }) => {
      const name = route.padEnd(width);
      return sends
        ? `  ${style('green', '->')} ${name}  ${words}`
        : `  ${style('yellow', ' x')} ${name}  nothing: ${words}`;
    }),
    ...(deleted.length === 0 ? [] : [`  consent withdrawn: deleted ${deleted.join(', ')}`]),
  ].join('\n');
}

/** A request that arrived. */
export function showReceived(route: string, request: string): string {
  return `\n  ${style('green', `${route} received`)}\n${request.replace(/^/gm, '      ')}`;
}

/** Colours only where a person looks. */
function style(format: 'bold' | 'green' | 'yellow', text: string): string {
  return styleText(format, text, { stream: stdout });
}
