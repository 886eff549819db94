import type { CurrentDevice, DeviceName, Operation } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { KeysOf } from '../port.ts';

/** What WireGuard itself knows of a device. */
export type WireGuardState = Pick<CurrentDevice, 'publicKey' | 'listenPort' | 'peers'>;

/** The operations that WireGuard carries out; all but the private key, which is set by itself. */
export type WireGuardChange = Extract<
  Operation,
  {
    readonly type:
      | 'SetListenPort'
      | 'AddPeer'
      | 'RemovePeer'
      | 'SetPresharedKey'
      | 'SetEndpoint'
      | 'SetKeepalive'
      | 'AddAllowedIPs'
      | 'RemoveAllowedIPs';
  }
>;

/** Changes that belong together. */
export interface WireGuardBatch {
  readonly device: DeviceName;
  readonly changes: readonly WireGuardChange[];
  readonly presharedKey: KeysOf['presharedKey'];
}

/**
 * One implementation of WireGuard. No change replaces peers, sets what it does not name, or replaces what a live peer
 * has. A batch is one transaction: one message to wireguard-go, one call of `wg` for up to 200 changes.
 *
 * RemoveAllowedIPs: the flag that takes one AllowedIP from a peer is younger than the kernels and wireguard-go releases
 * in use, and without it the only direct way is to replace the whole list, which for a moment leaves the peer with
 * nothing. Instead the AllowedIP is given to a throw-away peer, to which WireGuard moves it silently, and that peer is
 * removed: nothing else of the live peer is touched. One that another peer gets in the same batch is only given to that
 * peer (moves.ts).
 */
export interface WireGuard {
  read(device: DeviceName, signal: AbortSignal): Promise<WireGuardState>;
  setKey(device: DeviceName, privateKey: Secret, signal: AbortSignal): Promise<void>;
  change(batch: WireGuardBatch, signal: AbortSignal): Promise<void>;
}
