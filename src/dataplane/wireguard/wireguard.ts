import type { CurrentDevice, DeviceName, Operation } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';

/** What WireGuard itself knows of a device. */
export type WireGuardState = Pick<CurrentDevice, 'publicKey' | 'listenPort' | 'peers'>;

/** The operations that WireGuard carries out; all but the key, which needs a secret. */
export type WireGuardChange = Extract<
  Operation,
  { readonly type: 'SetListenPort' | 'AddPeer' | 'RemovePeer' | 'AddAllowedIPs' | 'RemoveAllowedIPs' }
>;

/**
 * One implementation of WireGuard. No change replaces peers, sets an endpoint, or replaces what a live peer has.
 *
 * RemoveAllowedIPs: the flag that takes one AllowedIP from a peer is younger than the kernels and wireguard-go releases
 * in use, and without it the only direct way is to replace the whole list, which for a moment leaves the peer with
 * nothing. Instead the AllowedIP is given to a throw-away peer, to which WireGuard moves it silently, and that peer is
 * removed: nothing else of the live peer is touched.
 */
export interface WireGuard {
  read(device: DeviceName, signal: AbortSignal): Promise<WireGuardState>;
  setKey(device: DeviceName, privateKey: Secret, signal: AbortSignal): Promise<void>;
  change(device: DeviceName, changes: readonly WireGuardChange[], signal: AbortSignal): Promise<void>;
}
