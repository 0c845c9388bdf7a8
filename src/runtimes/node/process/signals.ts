/**
 * Stops on SIGTERM and SIGINT; a second signal means now. One handler counts them: Deno calls a handler that is added
 * while a signal is being handled for that very signal.
 * @param kill what else must not go on when this process ends at once
 * @returns what ends the listening
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
