import type { Dataplane, KeysOf } from '../../dataplane/port.ts';
import { acceptPeers } from '../../mesh/accept-peers.ts';
import { deviceFor } from '../../mesh/device.ts';
import type { CurrentDevice, Operation } from '../../mesh/model.ts';
import { planDevice } from '../../mesh/plan.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { GatewayWorld } from '../world/node-world.ts';

export interface Found {
  readonly gateway: GatewayWorld;
  /** What is there of this gateway's device; absent: nothing. */
  readonly current: CurrentDevice | undefined;
}

/**
 * Takes from a device what no peer may have any more, and does nothing else: whoever is revoked goes, also while the
 * rest of a pass does not work.
 */
export async function revokeGone(
  { gateway, current }: Found,
  dataplane: Pick<Dataplane, 'apply'>,
  signal: AbortSignal,
): Promise<void> {
  if (current === undefined) return;
  const { configured } = gateway;
  const accepted = acceptPeers({ configured, peers: gateway.peers.list(), current: current.peers });
  const peers = [...accepted.values()].flatMap(({ peer }) => peer ?? []);
  const programmed = peers.map(({ presharedKey: _, ...peer }) => ({ ...peer, persistentKeepaliveSeconds: 0 }));
  const plan = planDevice(current, deviceFor(configured, { mtu: current.mtu, peers: programmed }));
  const operations = plan.operations.filter(isRevocation);
  if (operations.length > 0) await dataplane.apply({ ...plan, operations }, NO_KEYS, signal);
}

function isRevocation({ type }: Operation): boolean {
  return type === 'RemovePeer' || type === 'RemoveAllowedIPs';
}

const NO_KEYS: KeysOf = { privateKey: noKey, presharedKey: noKey };

function noKey(): never {
  throw new PeerwrightError('KeyUnreadable', 'What only takes away needs no key');
}
