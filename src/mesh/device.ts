import type { ConfiguredGateway } from '../api/v1alpha1/node-config.ts';
import { hash32 } from './hash.ts';
import { parseAddress } from './ip/address.ts';
import { hostPrefix, parsePrefix, sortPrefixes } from './ip/prefix.ts';
import { parsePublicKey } from './key.ts';
import type { Address, DesiredDevice, DesiredPeer, DeviceName, KeyFingerprint, Prefix, PublicKey } from './model.ts';

/** Begins the alias of every link of ours; nothing without it is touched. */
export const ALIAS_PREFIX = 'peerwright:';

/** A peer of a gateway that the agent found consistent with the gateway's bounds and its own spec. */
export interface AcceptedPeer {
  readonly publicKey: PublicKey;
  readonly addresses: readonly Address[];
  /** Networks behind it. */
  readonly routes: readonly Prefix[];
  /** `Kept`: what the device has. */
  readonly presharedKey: 'None' | 'Derived' | 'Kept';
}

/** The same with everything that a device is told of it. */
export interface ProgrammedPeer {
  readonly publicKey: PublicKey;
  readonly addresses: readonly Address[];
  readonly routes: readonly Prefix[];
  /** Absent: none. */
  readonly presharedKey?: KeyFingerprint;
  /** `address:port`, only when it is to be written now. */
  readonly endpoint?: string;
  /** Seconds; 0: none. */
  readonly persistentKeepaliveSeconds: number;
}

export interface DeviceParts {
  readonly mtu: number;
  /** No two with the same key, address or route, and none with the gateway's own key. */
  readonly peers: readonly ProgrammedPeer[];
  /** Pools that the node cannot lead to the device. */
  readonly withoutRoutes?: ReadonlySet<Prefix>;
}

/**
 * The device that a gateway should have on this node: one route of the node for each pool and each route of a peer.
 * Throws a RangeError for an entry of `configured` that is not in canonical form.
 */
export function deviceFor(configured: ConfiguredGateway, { mtu, peers, withoutRoutes }: DeviceParts): DesiredDevice {
  const { gateway, listenPort } = configured;
  const networks = new Set([...poolsOf(configured), ...peers.flatMap(({ routes }) => routes)]);
  return {
    name: deviceName(gateway.uid),
    alias: deviceAlias(gateway.namespace, gateway.name),
    publicKey: canonical(parsePublicKey, configured.publicKey),
    listenPort,
    mtu,
    addresses: ownAddresses(configured),
    routes: sortPrefixes([...networks].filter((network) => withoutRoutes?.has(network) !== true)),
    peers: new Map(peers.map((peer) => [peer.publicKey, desiredPeer(peer)])),
  };
}

/** The gateway's own addresses as host prefixes. Throws a RangeError like `deviceFor`. */
export function ownAddresses({ addresses }: Pick<ConfiguredGateway, 'addresses'>): Prefix[] {
  return sortPrefixes(new Set(addresses.map((text) => hostPrefix(canonical(parseAddress, text)))));
}

/** Throws a RangeError like `deviceFor`. */
export function poolsOf({ pools }: Pick<ConfiguredGateway, 'pools'>): Prefix[] {
  return pools.map((text) => canonical(parsePrefix, text));
}

/** `pw-` and the first 8 hexadecimal digits of the uid; of a hash of it when it does not begin with 8 of them. */
export function deviceName(gatewayUID: string): DeviceName {
  const digits = /^[0-9a-f]{8}/.exec(gatewayUID.toLowerCase())?.[0] ?? hashDigits(gatewayUID);
  return `pw-${digits}` as DeviceName;
}

/** The mark on a link that says whose it is. */
export function deviceAlias(namespace: string, name: string): string {
  return `${ALIAS_PREFIX}${namespace}/${name}`;
}

function desiredPeer({ addresses, routes, ...rest }: ProgrammedPeer): DesiredPeer {
  return { ...rest, allowedIPs: sortPrefixes(new Set([...addresses.map(hostPrefix), ...routes])) };
}

function canonical<T>(parse: (text: string) => T | undefined, text: string): T {
  const value = parse(text);
  if (value === undefined) throw new RangeError(`'${text}' is not in canonical form`);
  return value;
}

function hashDigits(text: string): string {
  return hash32(text).toString(16).padStart(8, '0');
}
