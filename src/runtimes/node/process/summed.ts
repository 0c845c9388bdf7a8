/** Sums up what happens often: `tell` is called at once, and then once a minute with the number since. */
export function summed(tell: (count: number) => void): () => void {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = count === 0 ? undefined : setTimeout(look, 60_000).unref();
    if (count > 0) tell(count);
    count = 0;
  };
  return () => {
    count++;
    if (timer === undefined) look();
  };
}
