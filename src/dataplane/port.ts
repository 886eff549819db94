import type { CurrentDevice, DeviceName, DevicePlan, KeyFingerprint, Prefix, PublicKey } from '../mesh/model.ts';
import type { Problem } from '../mesh/problem.ts';
import type { Secret } from '../runtime/secret.ts';

/**
 * What the firewall of this node must let through; everything else from or to these devices is dropped. A device that
 * was found `foreign` does not belong here: its traffic is not ours to drop.
 */
export interface FirewallRules {
  readonly devices: readonly DeviceRules[];
}

/** What one device lets through. Prefixes in any order; they may contain each other. */
export interface DeviceRules {
  readonly name: DeviceName;
  /** The gateway's own addresses, /32 and /128: they answer ICMP echo, and nothing else of the node answers anything. */
  readonly addresses: readonly Prefix[];
  /** Where the peers' own addresses come from. */
  readonly pools: readonly Prefix[];
  /** Networks of the gateway: peers may begin connections to them, and they to peers. */
  readonly routes: readonly Prefix[];
  /** Networks behind the live peers of this device: reachable for its peers, and sources of traffic. */
  readonly peerRoutes: readonly Prefix[];
  readonly masquerade: 'Enabled' | 'Disabled';
  readonly peerTraffic: 'Isolated' | 'Open';
  /** Of the device; segments of TCP are clamped to it. */
  readonly mtu: number;
}

/** How a device was found. `foreign`: the name is taken by an interface that does not carry our mark. */
export type ReadResult =
  | { readonly state: 'absent' }
  | { readonly state: 'foreign'; readonly problem: Problem }
  | { readonly state: 'ours'; readonly device: CurrentDevice };

/** Gives key material when an operation needs it: operations hold none. */
export interface KeysOf {
  /** The private key that belongs to a public key of ours. */
  readonly privateKey: (publicKey: PublicKey) => Secret;
  /** The preshared key of a peer that has this fingerprint. */
  readonly presharedKey: (peer: PublicKey, fingerprint: KeyFingerprint) => Secret;
}

/** Something of the node that no route of ours may cover. */
export interface NodeNetwork {
  readonly prefix: Prefix;
  /** What it is, as the end of "10.1.0.0/16 is covered by …": `the route 10.0.0.0/8 via eth1`. */
  readonly what: string;
  readonly kind: 'Route' | 'Address' | 'Resolver' | 'ApiServer';
}

/** Linux as the agent needs it. Expected refusals are problems, everything else throws. */
export interface Dataplane {
  /**
   * Names of the interfaces that carry our mark, ours from earlier runs included, and of those that were asked for and
   * never made.
   */
  list(signal: AbortSignal): Promise<readonly DeviceName[]>;
  read(device: DeviceName, signal: AbortSignal): Promise<ReadResult>;
  /**
   * Carries out the operations in order. Stops at the first that is refused and says why. LinkUp is refused with
   * FirewallUnavailable unless the rules that `firewall` loaded last name the device.
   */
  apply(plan: DevicePlan, keys: KeysOf, signal: AbortSignal): Promise<readonly Problem[]>;
  /** Replaces our own nft table atomically; no rules at all removes it. */
  firewall(rules: FirewallRules, signal: AbortSignal): Promise<readonly Problem[]>;
  /**
   * What is on this node besides our devices: routes of the main table that are not ours, default routes left out;
   * addresses of interfaces that are not ours; resolvers of /etc/resolv.conf.
   */
  nodeNetworks(signal: AbortSignal): Promise<readonly NodeNetwork[]>;
  /**
   * The smallest MTU of the interfaces over which this node reaches the given addresses, or, without any, of those with
   * its default routes; undefined when there is none.
   */
  underlayMtu(remotes: readonly string[], signal: AbortSignal): Promise<number | undefined>;
  /** Whether the node forwards packets of a family; the sysctl that decides, as one word for the message. */
  forwarding(signal: AbortSignal): Promise<{ readonly ipv4: boolean; readonly ipv6: boolean }>;
  /**
   * Tries a UDP port that a device is to have by binding it; undefined when it is free or the device's own already,
   * else who holds it as far as that can be seen.
   */
  portHolder(
    asked: { readonly port: number; readonly device: DeviceName },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Addresses of a DNS name, IPv4 first; empty when there are none. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
}
