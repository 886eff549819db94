import type { Dataplane } from '../../dataplane/port.ts';
import { acceptPeers } from '../../mesh/accept-peers.ts';
import type { AcceptedPeer } from '../../mesh/device.ts';
import { deviceFor } from '../../mesh/device.ts';
import type { CurrentDevice, DeviceName, Operation, Result } from '../../mesh/model.ts';
import { planDevice } from '../../mesh/plan.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { GatewayWorld, NodeWorld } from '../world/node-world.ts';
import type { NodeFirewall } from './firewall.ts';
import type { SealedKeys } from './gateway-key.ts';
import { observedPeers } from './observation.ts';
import type { Observations } from './observations.ts';

export interface DeviceDeps {
  readonly world: NodeWorld;
  readonly dataplane: Dataplane;
  readonly firewall: NodeFirewall;
  readonly keys: SealedKeys;
  readonly observations: Observations;
  readonly clock: Clock;
}

const SLOW_MS = 500;

/**
 * Brings a device of this node to the state that its gateway asks for and notes what is there then. Safe to run at any
 * time, any number of times. Does nothing while the config or the peers of the gateway are unknown.
 */
export async function reconcileDevice(name: DeviceName, deps: DeviceDeps, signal: AbortSignal): Promise<void> {
  if (!deps.world.known) return;
  const gateway = deps.world.gateway(name);
  if (gateway === undefined) return removeDevice(name, deps, signal);
  if (!gateway.peers.synced) return;
  try {
    await programDevice(gateway, deps, signal);
  } catch (error) {
    if (!signal.aborted) deps.observations.failed(gateway, problemOf(name, error));
    throw error;
  }
}

async function programDevice(gateway: GatewayWorld, deps: DeviceDeps, signal: AbortSignal): Promise<void> {
  const { dataplane, observations } = deps;
  const { device: name, configured } = gateway;
  const found = await dataplane.read(name, signal);
  const current = found.state === 'ours' ? found.device : undefined;
  // From here on the peers are those of this moment: what comes later is for the next pass.
  const peers = gateway.peers.list();
  const accepted = acceptPeers({ configured, peers, current: current?.peers ?? new Map() });
  const noted = { peers, accepted, previous: observations.get(name) };
  if (found.state === 'foreign') {
    deps.firewall.exclude(name);
    await deps.firewall.ensure(signal);
    const seen = { name, configured, peers: observedPeers({ ...noted, device: undefined }) };
    return observations.note({ ...seen, problems: [found.problem], settled: false });
  }
  deps.firewall.admit(name);
  const wanted = [...accepted.values()].flatMap(({ peer }) => peer ?? []);
  const before = { name, configured, problems: noted.previous?.problems ?? [], settled: false };
  const seenFirst = {
    ...before,
    ...(current && { device: current }),
    peers: observedPeers({ ...noted, device: current }),
  };
  const { device, problems, settled } = await unlessSlow(
    () => apply({ gateway, current, peers: wanted }, deps, signal),
    () => observations.note(seenFirst),
    deps.clock,
  );
  const seen = { name, configured, ...(device && { device }), problems, settled };
  observations.note({ ...seen, peers: observedPeers({ ...noted, device }) });
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

interface Pass {
  readonly gateway: GatewayWorld;
  readonly current: CurrentDevice | undefined;
  readonly peers: readonly AcceptedPeer[];
}

interface Passed {
  readonly device: CurrentDevice | undefined;
  readonly problems: readonly Problem[];
  readonly settled: boolean;
}

async function apply({ gateway, current, peers }: Pass, deps: DeviceDeps, signal: AbortSignal): Promise<Passed> {
  const { dataplane, firewall, keys } = deps;
  const desired = deviceFor(gateway.configured, peers);
  const key = await keys.privateKeyOf(gateway.configured);
  const unguarded = await firewall.ensure(signal);
  const refused = [...(key.ok ? [] : key.problems), ...unguarded];
  // Without its key a device is not made; one that is there goes on with the key that it has.
  if (!key.ok && current?.alias !== desired.alias) return { device: current, problems: refused, settled: false };
  const plan = planDevice(current, desired);
  const possible = plan.operations.filter(isPossible({ keyed: key.ok, guarded: unguarded.length === 0 }));
  if (possible.length === 0) return { device: current, problems: refused, settled: plan.operations.length === 0 };
  const problems = await dataplane.apply({ ...plan, operations: possible }, () => revealed(key), signal);
  const after = await dataplane.read(desired.name, signal);
  const device = after.state === 'ours' ? after.device : undefined;
  return { device, problems: [...refused, ...problems], settled: planDevice(device, desired).operations.length === 0 };
}

/** Routes need the link up, and the link stays down without the firewall. */
function isPossible({ keyed, guarded }: { readonly keyed: boolean; readonly guarded: boolean }) {
  return ({ type }: Operation): boolean => {
    if (type === 'SetKey') return keyed;
    return guarded || (type !== 'LinkUp' && type !== 'AddRoute');
  };
}

function revealed(key: Result<Secret>): Secret {
  if (key.ok) return key.value;
  throw new PeerwrightError('KeyUnreadable', 'The key of the gateway could not be opened');
}

/** The config is known and wants no such device; one that is not ours stays. */
async function removeDevice(name: DeviceName, deps: DeviceDeps, signal: AbortSignal): Promise<void> {
  const { world, dataplane, firewall, keys, observations } = deps;
  const found = await dataplane.read(name, signal);
  if (found.state === 'ours') {
    const problems = await dataplane.apply(planDevice(found.device, undefined), noKey, signal);
    const [first] = problems;
    if (first !== undefined) throw new PeerwrightError(first.code, first.message);
  }
  const configured = observations.get(name)?.configured;
  if (configured) keys.forget(configured.gateway.uid);
  world.removed(name);
  observations.remove(name);
  // Until now: its link could still carry something.
  firewall.exclude(name);
  await firewall.ensure(signal);
}

function noKey(): never {
  throw new PeerwrightError('KeyUnreadable', 'A device that goes needs no key');
}

function problemOf(name: DeviceName, error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'DeviceFailed', message: `${name}: ${message}` };
}
