import type { Log } from '../../runtime/log.ts';
import type { ObservationListener } from './observations.ts';

/** Says once when a device gets other problems, and once when it has none any more. */
export function logProblems(log: Log): ObservationListener {
  const told = new Map<string, string>();
  return (device, after) => {
    const problems = after?.problems ?? [];
    const text = problems.map(({ code, message }) => `${code} ${message}`).join('\n');
    if ((told.get(device) ?? '') === text) return;
    told.set(device, text);
    if (problems.length > 0) log.warn({ device, problems }, 'device has problems');
    else log.info({ device }, 'device has no problems any more');
  };
}
