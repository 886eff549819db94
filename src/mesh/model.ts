/**
 * The values that decisions are made of. Branded strings are canonical: parsed once at the edge (mesh/ip, mesh/key),
 * so that equality is `===`.
 */
import type { Problem } from './problem.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A canonical IPv4 or IPv6 address. */
export type Address = Branded<'Address'>;
/** A canonical network `address/length` without host bits. */
export type Prefix = Branded<'Prefix'>;
/** A Curve25519 public key in its one base64 form. */
export type PublicKey = Branded<'PublicKey'>;
/** The name of a network interface, at most 15 characters. */
export type DeviceName = Branded<'DeviceName'>;

/** Says whether two preshared keys are the same without being one: hexadecimal digits of a hash (dataplane/fingerprint.ts). */
export type KeyFingerprint = Branded<'KeyFingerprint'>;

/** One peer as it should be on a device. */
export interface DesiredPeer {
  readonly publicKey: PublicKey;
  /** Sorted; /32 and /128 for addresses, and the routes of the peer. */
  readonly allowedIPs: readonly Prefix[];
  /** Fingerprint of the preshared key to have; absent: none. */
  readonly presharedKey?: KeyFingerprint;
  /** `address:port` to dial, resolved; absent: whatever it has. Only an operation that names it sets it. */
  readonly endpoint?: string;
  /** Seconds; 0: none. */
  readonly persistentKeepaliveSeconds: number;
}

/** One device as it should be. */
export interface DesiredDevice {
  readonly name: DeviceName;
  /** `peerwright:<namespace>/<name>`: marks the link as ours. */
  readonly alias: string;
  readonly publicKey: PublicKey;
  readonly listenPort: number;
  readonly mtu: number;
  /** The gateway's own addresses, /32 and /128, sorted. */
  readonly addresses: readonly Prefix[];
  /** Prefixes routed to the device, sorted. */
  readonly routes: readonly Prefix[];
  readonly peers: ReadonlyMap<PublicKey, DesiredPeer>;
}

/** One peer as it was read from a device. */
export interface CurrentPeer {
  readonly publicKey: PublicKey;
  readonly allowedIPs: readonly Prefix[];
  /** Absent: it has none. */
  readonly presharedKey?: KeyFingerprint;
  /** Seconds; 0: none. */
  readonly persistentKeepaliveSeconds: number;
  /** `host:port` of the last authenticated packet, or as it was set. */
  readonly endpoint?: string;
  /** Milliseconds since the epoch; absent when there never was a handshake. */
  readonly lastHandshakeMs?: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

export type Implementation = 'Kernel' | 'Userspace';

/** One device of ours as it was read back. */
export interface CurrentDevice {
  readonly name: DeviceName;
  readonly implementation: Implementation;
  readonly alias: string;
  readonly up: boolean;
  readonly mtu: number;
  /** Absent while the device has no private key. */
  readonly publicKey?: PublicKey;
  readonly listenPort: number;
  readonly addresses: readonly Prefix[];
  readonly routes: readonly Prefix[];
  readonly peers: ReadonlyMap<PublicKey, CurrentPeer>;
}

/** One step that turns current into desired. Data: holds no secret, may be logged. */
export type Operation =
  | { readonly type: 'CreateLink'; readonly alias: string; readonly mtu: number }
  | { readonly type: 'SetMtu'; readonly mtu: number }
  | { readonly type: 'SetKey'; readonly publicKey: PublicKey }
  | { readonly type: 'SetListenPort'; readonly listenPort: number }
  | { readonly type: 'AddAddress'; readonly address: Prefix }
  | { readonly type: 'RemoveAddress'; readonly address: Prefix }
  | { readonly type: 'LinkUp' }
  | { readonly type: 'AddRoute'; readonly prefix: Prefix }
  | { readonly type: 'RemoveRoute'; readonly prefix: Prefix }
  | { readonly type: 'AddPeer'; readonly peer: DesiredPeer }
  | { readonly type: 'RemovePeer'; readonly publicKey: PublicKey }
  /** `none` takes the preshared key away. */
  | { readonly type: 'SetPresharedKey'; readonly publicKey: PublicKey; readonly presharedKey: KeyFingerprint | 'none' }
  | { readonly type: 'SetEndpoint'; readonly publicKey: PublicKey; readonly endpoint: string }
  | { readonly type: 'SetKeepalive'; readonly publicKey: PublicKey; readonly persistentKeepaliveSeconds: number }
  | { readonly type: 'AddAllowedIPs'; readonly publicKey: PublicKey; readonly allowedIPs: readonly Prefix[] }
  | { readonly type: 'RemoveAllowedIPs'; readonly publicKey: PublicKey; readonly allowedIPs: readonly Prefix[] }
  | { readonly type: 'DeleteLink' };

/** The list of operations for one device, in the order in which they are safe. */
export interface DevicePlan {
  readonly device: DeviceName;
  readonly operations: readonly Operation[];
}

/** Either the value or why there is none. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };
