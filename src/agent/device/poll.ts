import type { Queue } from '../../kube/queue.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { NodeWorld } from '../world/node-world.ts';
import type { NodeFirewall } from './firewall.ts';
import type { Observations } from './observations.ts';

export interface PollDeps {
  readonly world: NodeWorld;
  readonly observations: Observations;
  readonly firewall: NodeFirewall;
  readonly queue: Pick<Queue, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Drift is to be repaired within 5 s, and a person waits for the first handshake. */
const EVERY_MS = 4_000;
/** What could not be done is tried again less and less often. */
const LONGEST_TURNS = 4;
/** What is found by looking costs no more than a look, and the rest of the device works. */
const FOUND_BY_LOOKING: readonly Problem['code'][] = ['RouteConflict', 'ForwardingDisabled', 'ListenPortConflict'];

/** Looks at every device again and again: for drift, for handshakes, and to try once more what did not work. */
export async function pollDevices(deps: PollDeps, signal: AbortSignal): Promise<void> {
  const troubled = new Map<DeviceName, number>();
  for (let turn = 1; !signal.aborted; turn++) {
    await deps.clock.sleep(EVERY_MS, signal);
    if (signal.aborted || !deps.world.known) continue;
    await verifyFirewall(deps, signal);
    for (const { device } of deps.world.gateways()) {
      const turns = troubledTurns(device, troubled, deps);
      if (turns === 0 || turn % Math.min(turns, LONGEST_TURNS) === 0) deps.queue.add(device);
    }
  }
}

/** For how many turns something about the device has not worked, this one included. */
function troubledTurns(device: DeviceName, troubled: Map<DeviceName, number>, { observations }: PollDeps): number {
  const problems = observations.get(device)?.problems ?? [];
  const isTroubled = problems.some(({ code }) => !FOUND_BY_LOOKING.includes(code));
  const turns = isTroubled ? (troubled.get(device) ?? 0) + 1 : 0;
  troubled.set(device, turns);
  return turns;
}

async function verifyFirewall({ firewall, log }: PollDeps, signal: AbortSignal): Promise<void> {
  try {
    await firewall.verify(signal);
  } catch (error) {
    if (!signal.aborted) log.warn({ error }, 'firewall not verified');
  }
}
