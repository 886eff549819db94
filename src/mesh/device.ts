import type { ConfiguredGateway } from '../api/v1alpha1/node-config.ts';
import { hash32 } from './hash.ts';
import { parseAddress } from './ip/address.ts';
import { hostPrefix, parsePrefix, sortPrefixes } from './ip/prefix.ts';
import { parsePublicKey } from './key.ts';
import type { Address, DesiredDevice, DesiredPeer, DeviceName, Prefix, PublicKey } from './model.ts';

/** Begins the alias of every link of ours; nothing without it is touched. */
export const ALIAS_PREFIX = 'peerwright:';

/** The underlay's usual 1500 less what WireGuard over IPv6 adds. */
export const DEFAULT_MTU = 1420;

/** A peer of a gateway that the agent found consistent with the gateway's pools and its own spec. */
export interface AcceptedPeer {
  readonly publicKey: PublicKey;
  readonly addresses: readonly Address[];
}

/**
 * The device that a gateway should have on this node. The caller has refused peers whose key or address another one
 * has already, and the gateway's own key. Throws a RangeError for an entry that is not in canonical form.
 */
export function deviceFor(configured: ConfiguredGateway, peers: readonly AcceptedPeer[]): DesiredDevice {
  const { gateway, listenPort } = configured;
  return {
    name: deviceName(gateway.uid),
    alias: deviceAlias(gateway.namespace, gateway.name),
    publicKey: canonical(parsePublicKey, configured.publicKey),
    listenPort,
    mtu: DEFAULT_MTU,
    addresses: hostPrefixes(configured.addresses.map((text) => canonical(parseAddress, text))),
    routes: sortPrefixes(new Set(configured.pools.map((text) => canonical(parsePrefix, text)))),
    peers: new Map(peers.map((peer) => [peer.publicKey, desiredPeer(peer)])),
  };
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

function desiredPeer({ publicKey, addresses }: AcceptedPeer): DesiredPeer {
  return { publicKey, allowedIPs: hostPrefixes(addresses) };
}

function hostPrefixes(addresses: readonly Address[]): Prefix[] {
  return sortPrefixes(new Set(addresses.map(hostPrefix)));
}

function canonical<T>(parse: (text: string) => T | undefined, text: string): T {
  const value = parse(text);
  if (value === undefined) throw new RangeError(`'${text}' is not in canonical form`);
  return value;
}

function hashDigits(text: string): string {
  return hash32(text).toString(16).padStart(8, '0');
}
