import type { Log } from '../../delivery/drain.ts';

/** JSON lines, as on every runtime. They hold nothing of an event. */
export const log: Log = (level, msg, fields) => {
  const line = JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg });
  // oxlint-disable-next-line no-console -- the platform's way to its logs
  if (level === 'error') console.error(line);
  // oxlint-disable-next-line no-console -- the same
  else console.log(line);
};
