import type { CurrentDevice, DeviceName, DevicePlan, Prefix, PublicKey } from '../mesh/model.ts';
import type { Problem } from '../mesh/problem.ts';
import type { Secret } from '../runtime/secret.ts';

/**
 * What the firewall of this node must let through; everything else from or to these devices is dropped. A device that
 * was found `foreign` does not belong here: its traffic is not ours to drop.
 */
export interface FirewallRules {
  readonly devices: readonly { readonly name: DeviceName; readonly addresses: readonly Prefix[] }[];
}

/** How a device was found. `foreign`: the name is taken by an interface that does not carry our mark. */
export type ReadResult =
  | { readonly state: 'absent' }
  | { readonly state: 'foreign'; readonly problem: Problem }
  | { readonly state: 'ours'; readonly device: CurrentDevice };

/** Gives the private key that belongs to a public key when an operation needs it. */
export type PrivateKeyOf = (publicKey: PublicKey) => Secret;

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
  apply(plan: DevicePlan, privateKeyOf: PrivateKeyOf, signal: AbortSignal): Promise<readonly Problem[]>;
  /** Replaces our own nft table atomically; no rules at all removes it. */
  firewall(rules: FirewallRules, signal: AbortSignal): Promise<readonly Problem[]>;
}
