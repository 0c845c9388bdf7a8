/** `npm run bench`: everything (`run.ts`), or with `-- --against <commit>` this checkout against another version. */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string' },
    five: { type: 'boolean', default: false },
    quick: { type: 'boolean' },
  },
});
if (values.against === undefined) await import('./run.ts');
else {
  const { against } = await import('./against.ts');
  await against(values.against, {
    pairs: Number(values.pairs),
    seconds: Number(values.seconds),
    rate: values.rate === undefined ? undefined : Number(values.rate),
    five: values.five,
  });
}
