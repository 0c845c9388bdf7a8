/**
 * Stops on SIGTERM and SIGINT; a second signal ends the process at once. One handler counts them, because Deno calls a
 * handler that is added while a signal is being handled for that same signal.
 * @param kill ends what must not continue when this process ends at once
 * @returns the function that ends the listening
 */
export function stopOnSignals(stop: () => Promise<void>, kill: () => void = () => {}): () => void {
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) {
      kill();
      process.exit(1);
    }
    stopping = true;
    void stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
}
