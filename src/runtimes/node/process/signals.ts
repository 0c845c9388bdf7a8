/**
 * Stops on SIGTERM and SIGINT; a second signal means now.
 * @param kill what else must not go on when this process ends at once
 * @returns what ends the listening
 */
export function stopOnSignals(stop: () => Promise<void>, kill: () => void = () => {}): () => void {
  const now = (): void => {
    kill();
    process.exit(1);
  };
  const onSignal = (): void => {
    process.once('SIGTERM', now);
    process.once('SIGINT', now);
    void stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
}
