import { randomBytes } from 'node:crypto';
import type { Dataplane } from '../../src/dataplane/port.ts';
import type { DesiredDevice, DesiredPeer, DeviceName, Prefix, PublicKey } from '../../src/mesh/model.ts';
import { planDevice } from '../../src/mesh/plan.ts';
import type { Problem } from '../../src/mesh/problem.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { keyPair, keysOf, rulesOf } from '../contract/world.ts';

export const NAME = 'pw-0000000c' as DeviceName;
export const GATEWAY = keyPair();
const ADDRESSES = ['10.90.0.1/32', 'fd00:90::1/128'] as Prefix[];
const POOLS = ['10.90.0.0/16', 'fd00:90::/64'] as Prefix[];
export const RULES = { devices: [{ ...rulesOf(NAME, ADDRESSES), pools: POOLS }] };
export const PRESHARED_KEY = new Secret(randomBytes(32));
const KEYS = keysOf(GATEWAY, [PRESHARED_KEY]);

export function gatewayDevice(peers: readonly DesiredPeer[]): DesiredDevice {
  return {
    name: NAME,
    alias: 'peerwright:net/edge',
    publicKey: GATEWAY.publicKey,
    listenPort: 51840,
    mtu: 1420,
    addresses: ADDRESSES,
    routes: POOLS,
    peers: new Map(peers.map((peer) => [peer.publicKey, peer])),
  };
}

/** One address of each family by its number, 0–65535. */
export function peerOf(publicKey: PublicKey, number: number): DesiredPeer {
  const v4 = `10.90.${number >> 8}.${number & 255}/32`;
  const allowedIPs = [v4, `fd00:90::2:${number.toString(16)}/128`] as Prefix[];
  return { publicKey, allowedIPs, persistentKeepaliveSeconds: 0 };
}

/** Reads, plans and applies, as the agent does. */
export async function bring(dataplane: Dataplane, desired: DesiredDevice): Promise<readonly Problem[]> {
  const signal = AbortSignal.timeout(60_000);
  const found = await dataplane.read(NAME, signal);
  const plan = planDevice(found.state === 'ours' ? found.device : undefined, desired);
  return await dataplane.apply(plan, KEYS, signal);
}
