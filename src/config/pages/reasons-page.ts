import { REASON_CODES } from '../../core/reason.ts';
import { REASONS } from '../../core/reasons.ts';
import { codes, table } from './markdown.ts';

const KINDS: Readonly<Record<string, string>> = {
  delivered: 'Delivered',
  blocked: 'Blocked: consent does not cover it',
  skipped: 'Skipped: there is nothing to send',
  invalid: 'Invalid: it cannot be used',
  expired: 'Expired: it is too old',
  failed: 'Failed: a fault of the gateway',
  withdrawn: 'Withdrawn',
  vendor: 'What a vendor answered: retried, refused (`dead`, or `rejected` where no dead letters are kept), or stopped',
  refused: 'Refused requests',
};

/** The page about every reason there is: the dictionary, for people. */
export function reasonsPage(): string {
  const kinds = [...new Set(REASON_CODES.map((code): string => REASONS[code].kind))];
  return `${[
    '# Reasons',
    '',
    'Why something ended as it did. The code is the same in metrics (`reason`), the decision log, log lines, `portvakt explain`, `portvakt test`, the preview and the dead letters; the words are the same everywhere, too. Parameters are words of your configuration, of fixed lists, or numbers: nothing of a visitor, and no text of a vendor.',
    '',
    ...kinds.flatMap((kind) => [`## ${KINDS[kind] ?? kind}`, '', ...rows(kind), '']),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function rows(kind: string): string[] {
  const own = REASON_CODES.filter((code) => REASONS[code].kind === kind);
  return table(
    ['Code', 'What happened', 'What it means', 'What to do'],
    own.map((code) => {
      const { params, says, means, todo } = REASONS[code];
      return [
        params.length === 0 ? `\`${code}\`` : `\`${code}\` (${codes(params)})`,
        says.replaceAll(/[[\]]/g, ''),
        means,
        todo,
      ];
    }),
  );
}
