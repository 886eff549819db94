import type { Dataplane, KeysOf } from '../../dataplane/port.ts';
import type { CurrentDevice, DevicePlan, Operation, Result } from '../../mesh/model.ts';
import { planDevice } from '../../mesh/plan.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { Desire } from './desire.ts';
import type { DeviceMemory } from './device-memory.ts';
import type { NodeFirewall } from './firewall.ts';
import type { DeviceKeys } from './gateway-key.ts';

export interface ApplyDesireDeps {
  readonly dataplane: Pick<Dataplane, 'apply' | 'read' | 'portHolder'>;
  readonly firewall: NodeFirewall;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export interface ToApply {
  readonly desire: Desire;
  /** What is there under the name of the device and is ours, of whichever gateway. */
  readonly current: CurrentDevice | undefined;
  readonly key: Result<DeviceKeys>;
  readonly memory: DeviceMemory;
}

export interface Applied {
  /** As read back. */
  readonly device: CurrentDevice | undefined;
  readonly problems: readonly Problem[];
  /** Whether it is exactly what was desired. */
  readonly settled: boolean;
}

/**
 * Firewall first, device second: the rules for a new route are in force before anything leads there, and a withdrawn
 * one is closed before it goes. What the key, the firewall or the port does not allow is left out; the rest is done.
 */
export async function applyDesire(work: ToApply, deps: ApplyDesireDeps, signal: AbortSignal): Promise<Applied> {
  const { desire, current, key } = work;
  const { device: desired } = desire;
  deps.firewall.admit(desire.rules);
  const unguarded = await deps.firewall.ensure(signal);
  const before = [...(key.ok ? [] : key.problems), ...unguarded];
  const isThere = current?.alias === desired.alias;
  // Without its key a device is not made; one that is there goes on with the key that it has.
  if (!key.ok && !isThere) return { device: current, problems: [...before, ...desire.problems], settled: false };
  const plan = planDevice(current, desired);
  const taken = await tryPort({ plan, work }, deps, signal);
  const allowed = {
    keyed: key.ok,
    guarded: unguarded.length === 0,
    ported: taken.length === 0,
    isUp: isThere && current.up,
  };
  const operations = plan.operations.filter((operation) => isPossible(operation, allowed));
  const { device, failed } = await carryOut({ ...plan, operations }, { work, deps }, signal);
  // What keeps the device from working comes before what it works without.
  const problems = [...before, ...taken, ...failed, ...desire.problems];
  const left = operations.length === 0 ? plan : planDevice(device, desired);
  return { device, problems, settled: left.operations.length === 0 };
}

interface CarryOut {
  readonly work: ToApply;
  readonly deps: ApplyDesireDeps;
}

async function carryOut(plan: DevicePlan, { work, deps }: CarryOut, signal: AbortSignal) {
  const { desire, current, key, memory } = work;
  if (plan.operations.length === 0) return { device: current, failed: [] };
  const failed = await deps.dataplane.apply(plan, keysOf(key), signal);
  if (failed.length === 0) for (const uid of desire.dialled) memory.endpoints.settled(uid);
  const after = await deps.dataplane.read(plan.device, signal);
  return { device: after.state === 'ours' ? after.device : undefined, failed };
}

interface Allowed {
  readonly keyed: boolean;
  readonly guarded: boolean;
  readonly ported: boolean;
  readonly isUp: boolean;
}

/** Routes need the link up, and the link stays down without the firewall and without a port of its own. */
function isPossible({ type }: Operation, { keyed, guarded, ported, isUp }: Allowed): boolean {
  if (type === 'SetKey') return keyed;
  if (type === 'SetListenPort') return ported;
  if (type === 'LinkUp') return guarded && ported;
  return type !== 'AddRoute' || (guarded && (isUp || ported));
}

/** A link that is down may hold no port, so it is tried again before the link comes up. */
async function tryPort(
  { plan, work }: { readonly plan: DevicePlan; readonly work: ToApply },
  { dataplane, clock }: ApplyDesireDeps,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { name: device, listenPort } = work.desire.device;
  const { takenPorts } = work.memory;
  const holder = plan.operations.some(({ type }) => type === 'SetListenPort' || type === 'LinkUp')
    ? await dataplane.portHolder({ port: listenPort, device }, signal)
    : undefined;
  if (holder === undefined) {
    takenPorts.remove(listenPort);
    return [];
  }
  takenPorts.add(listenPort, clock.monotonic());
  const message = `UDP port ${listenPort} of the node is held by ${holder}; free it, or give the gateway another spec.listenPort, or none.`;
  return [{ code: 'ListenPortConflict', message, path: 'spec.listenPort' }];
}

function keysOf(key: Result<DeviceKeys>): KeysOf {
  return {
    privateKey: () => opened(key).privateKey,
    presharedKey: (peer, fingerprint) => opened(key).presharedKeys.secret(peer, fingerprint),
  };
}

function opened(key: Result<DeviceKeys>): DeviceKeys {
  if (key.ok) return key.value;
  throw new PeerwrightError('KeyUnreadable', 'The key of the gateway could not be opened');
}
