import type { Dataplane } from '../../dataplane/port.ts';
import type { Again } from '../../kube/worker.ts';
import { acceptPeers } from '../../mesh/accept-peers.ts';
import { deviceAlias } from '../../mesh/device.ts';
import type { CurrentDevice, DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { GatewayWorld, NodeWorld } from '../world/node-world.ts';
import { applyDesire } from './apply-desire.ts';
import type { Applied } from './apply-desire.ts';
import { desireOf } from './desire.ts';
import type { DeviceMemories } from './device-memory.ts';
import type { NodeFirewall } from './firewall.ts';
import type { SealedKeys } from './gateway-key.ts';
import type { NodeNetworks } from './node-networks.ts';
import { observedPeers } from './observation.ts';
import type { Observations } from './observations.ts';
import { removeDevice } from './remove.ts';
import { revokeGone } from './revoke.ts';
import type { Found } from './revoke.ts';

export interface DeviceDeps {
  readonly world: NodeWorld;
  readonly dataplane: Dataplane;
  readonly firewall: NodeFirewall;
  readonly keys: SealedKeys;
  readonly networks: Pick<NodeNetworks, 'ofNode' | 'ofOurs'>;
  readonly memories: DeviceMemories;
  readonly observations: Observations;
  readonly clock: Clock;
}

const SLOW_MS = 500;

/**
 * Brings a device of this node to the state that its gateway asks for and notes what is there then. Safe to run at any
 * time, any number of times. Does nothing while the config or the peers of the gateway are unknown.
 */
export async function reconcileDevice(name: DeviceName, deps: DeviceDeps, signal: AbortSignal): Promise<Again | void> {
  if (!deps.world.known) return;
  const gateway = deps.world.gateway(name);
  if (gateway === undefined) return removeDevice(name, deps, signal);
  if (!gateway.peers.synced) return;
  try {
    const found = await deps.dataplane.read(name, signal);
    if (found.state === 'foreign') return await leaveAlone({ gateway, problem: found.problem }, deps, signal);
    const current = found.state === 'ours' ? found.device : undefined;
    return await programDevice({ gateway, current }, deps, signal);
  } catch (error) {
    if (!signal.aborted) deps.observations.failed(gateway, problemOf(name, error));
    throw error;
  }
}

/** Whoever is revoked goes, also when the rest of the pass breaks off, wherever that happens. */
async function programDevice(found: Found, deps: DeviceDeps, signal: AbortSignal): Promise<Again | void> {
  try {
    return await bringAbout(found, deps, signal);
  } catch (error) {
    const { gateway } = found;
    // Read anew: what the pass had moved from one peer to another by then must not be taken from that one.
    const now = await deps.dataplane.read(gateway.device, signal);
    const current = now.state === 'ours' ? ownOf(gateway, now.device) : undefined;
    await revokeGone({ gateway, current }, deps.dataplane, signal);
    throw error;
  }
}

async function bringAbout({ gateway, current }: Found, deps: DeviceDeps, signal: AbortSignal): Promise<Again | void> {
  const { device: name, configured } = gateway;
  const key = await deps.keys.keyOf(configured);
  // From here on the peers are those of this moment: what comes later is for the next pass.
  const peers = gateway.peers.list();
  const memory = deps.memories.of(name);
  const desire = await desireOf({ gateway, peers, current: ownOf(gateway, current), key, memory }, deps, signal);
  const previous = deps.observations.get(name);
  const noted = { peers, accepted: desire.accepted, previous, key: key.ok ? key.value : undefined };
  const note = ({ device, problems, settled }: Applied) => {
    const rules = deps.firewall.inForce(name);
    const takenPorts = memory.takenPorts.list(deps.clock.monotonic());
    const seen = { ...(device && { device }), ...(rules && { rules }), takenPorts, problems, settled };
    deps.observations.note({ name, configured, ...seen, peers: observedPeers({ ...noted, device, rules }) });
  };
  const applied = await unlessSlow(
    () => applyDesire({ current, desire, key, memory }, deps, signal),
    () => note({ device: current, problems: previous?.problems ?? [], settled: false }),
    deps.clock,
  );
  note(applied);
  const { againAfterMs } = desire;
  return againAfterMs === undefined ? undefined : { againAfterMs };
}

interface Foreign {
  readonly gateway: GatewayWorld;
  readonly problem: Problem;
}

/** An interface of somebody else has the name: neither it nor its traffic is touched. */
async function leaveAlone({ gateway, problem }: Foreign, deps: DeviceDeps, signal: AbortSignal): Promise<void> {
  const { device: name, configured } = gateway;
  deps.firewall.exclude(name);
  await deps.firewall.ensure(signal);
  const peers = gateway.peers.list();
  const accepted = acceptPeers({ configured, peers, current: new Map() });
  const nothing = { key: undefined, device: undefined, rules: undefined };
  const noted = observedPeers({ peers, accepted, previous: deps.observations.get(name), ...nothing });
  deps.observations.note({ name, configured, peers: noted, problems: [problem], settled: false });
}

/** Making a link may take seconds; what was there before must not be reported for so long. */
async function unlessSlow<T>(work: () => Promise<T>, whenSlow: () => void, clock: Clock): Promise<T> {
  const done = new AbortController();
  void clock.sleep(SLOW_MS, done.signal).then(() => {
    if (!done.signal.aborted) whenSlow();
  });
  try {
    return await work();
  } finally {
    done.abort();
  }
}

/** Undefined when the device carries the mark of another gateway. */
function ownOf(
  { configured: { gateway } }: GatewayWorld,
  device: CurrentDevice | undefined,
): CurrentDevice | undefined {
  return device?.alias === deviceAlias(gateway.namespace, gateway.name) ? device : undefined;
}

function problemOf(name: DeviceName, error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'DeviceFailed', message: `${name}: ${message}` };
}
