import { start } from '../dataplane/exec.ts';
import { systemClock } from '../runtime/clock.ts';
import { runProcess } from '../runtime/lifecycle.ts';
import { createLog } from '../runtime/log.ts';
import { withConfig } from '../runtime/with-config.ts';
import { UserspaceConfig } from './config.ts';
import { Supervisor } from './supervisor.ts';
import { watchRequests } from './watch.ts';

interface Source {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * `peerwright userspace`: runs one wireguard-go per request of the agent. When it stops, also by SIGTERM, it leaves
 * them running, each in a session of its own, and adopts them when it starts again: neither its own restart nor the
 * agent's drops a tunnel. In a container they end with the container, so it has one of its own that is rarely changed.
 */
export async function main({ argv, env }: Source): Promise<number> {
  const source = { program: 'peerwright userspace', argv, env, schema: UserspaceConfig, terminal: process };
  return await withConfig(source, async ({ folder, uapiFolder, program, logLevel, logFormat }) => {
    const log = createLog({ level: logLevel, format: logFormat });
    const path = env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin';
    const supervisor = new Supervisor({ folder, uapiFolder, program, path, start, clock: systemClock, log });
    const reconcile = (wake: () => void) => supervisor.reconcile(wake);
    return await runProcess(
      'userspace',
      (signal) => watchRequests({ folder, clock: systemClock, log, reconcile }, signal),
      { log, events: process },
    );
  });
}
