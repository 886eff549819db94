import type { Dataplane, KeysOf } from '../../dataplane/port.ts';
import type { DeviceName } from '../../mesh/model.ts';
import { planDevice } from '../../mesh/plan.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { NodeWorld } from '../world/node-world.ts';
import type { DeviceMemories } from './device-memory.ts';
import type { NodeFirewall } from './firewall.ts';
import type { SealedKeys } from './gateway-key.ts';
import type { Observations } from './observations.ts';

export interface RemoveDeps {
  readonly world: NodeWorld;
  readonly dataplane: Pick<Dataplane, 'read' | 'apply'>;
  readonly firewall: NodeFirewall;
  readonly keys: Pick<SealedKeys, 'forget'>;
  readonly memories: DeviceMemories;
  readonly observations: Observations;
}

/** The config is known and wants no such device; one that is not ours stays. */
export async function removeDevice(name: DeviceName, deps: RemoveDeps, signal: AbortSignal): Promise<void> {
  const { world, dataplane, firewall, keys, memories, observations } = deps;
  const found = await dataplane.read(name, signal);
  if (found.state === 'ours') {
    const [first] = await dataplane.apply(planDevice(found.device, undefined), NO_KEYS, signal);
    if (first !== undefined) throw new PeerwrightError('DeviceFailed', `${first.code}: ${first.message}`);
  }
  const configured = observations.get(name)?.configured;
  if (configured) keys.forget(configured.gateway.uid);
  memories.forget(name);
  world.removed(name);
  observations.remove(name);
  // Until now: its link could still carry something.
  firewall.exclude(name);
  await firewall.ensure(signal);
}

const NO_KEYS: KeysOf = { privateKey: noKey, presharedKey: noKey };

function noKey(): never {
  throw new PeerwrightError('KeyUnreadable', 'A device that goes needs no key');
}
