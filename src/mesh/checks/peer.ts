import { isLowOrder, parsePublicKey } from '../key.ts';
import type { PublicKey } from '../model.ts';
import type { Problem } from '../problem.ts';
import { firstProblem, prevails } from './claim.ts';
import type { Claim } from './claim.ts';
import { checkEndpoint } from './endpoint.ts';
import type { EndpointBounds } from './endpoint.ts';

export interface PeerToCheck {
  readonly peer: Omit<Claim, 'granted'> & {
    readonly gatewayName: string;
    /** `spec.publicKey`; absent: the operator makes one, and no other peer has that. */
    readonly publicKey?: string;
    /** `status.publicKey`: what the last decision gave it. */
    readonly grantedPublicKey?: string;
    /** `spec.endpoint.host`, a name or an address, and where it must not lie. */
    readonly endpoint?: EndpointBounds & { readonly host: string };
  };
  /** Absent when it does not exist in the namespace of the peer. */
  readonly gateway?: {
    readonly accepted: boolean;
    /** Absent while it has no key. */
    readonly publicKey?: PublicKey;
  };
  /**
   * The peers of this gateway, hence of this namespace, that have the same key in spec or status; granted when it is
   * in status. The peer itself among them does not matter.
   */
  readonly samePublicKey: readonly (Claim & { readonly name: string })[];
}

/** Why a peer cannot be accepted, the first reason only: what its author can mend comes before what needs waiting. */
export function checkPeer(input: PeerToCheck): Problem | undefined {
  return firstProblem(CHECKS, input);
}

const CHECKS = [checkKey, checkGatewayExists, checkEndpointOf, checkGatewayKey, checkOtherPeers, checkGatewayReady];

const KEY_PATH = 'spec.publicKey';

function checkKey({ peer: { publicKey } }: PeerToCheck): Problem | undefined {
  if (publicKey === undefined || parsePublicKey(publicKey) !== undefined) return undefined;
  const why = isLowOrder(publicKey)
    ? 'is a low-order point, which protects nothing'
    : 'is not the canonical base64 of a Curve25519 public key';
  const message = `${KEY_PATH} ${publicKey} ${why}; make a key pair with wg genkey and wg pubkey.`;
  return { code: 'InvalidObject', message, path: KEY_PATH };
}

function checkGatewayExists({ peer, gateway }: PeerToCheck): Problem | undefined {
  if (gateway !== undefined) return undefined;
  const path = 'spec.gatewayRef.name';
  const message = `${path} ${peer.gatewayName} names no gateway of this namespace; create it, or the peer anew.`;
  return { code: 'GatewayNotFound', message, path };
}

function checkEndpointOf({ peer: { endpoint } }: PeerToCheck): Problem | undefined {
  return endpoint && checkEndpoint(endpoint.host, endpoint);
}

function checkGatewayKey({ peer, gateway }: PeerToCheck): Problem | undefined {
  const { publicKey } = peer;
  if (publicKey === undefined || gateway?.publicKey !== publicKey) return undefined;
  return keyInUse(publicKey, `gateway ${peer.gatewayName}`);
}

function checkOtherPeers({ peer, samePublicKey }: PeerToCheck): Problem | undefined {
  const { publicKey } = peer;
  if (publicKey === undefined) return undefined;
  const own = { ...peer, granted: peer.grantedPublicKey === publicKey };
  const holder = samePublicKey.find((other) => other.uid !== peer.uid && !prevails(own, other));
  return holder === undefined ? undefined : keyInUse(publicKey, `peer ${holder.name}`);
}

function checkGatewayReady({ peer, gateway }: PeerToCheck): Problem | undefined {
  if (gateway?.accepted === true && gateway.publicKey !== undefined) return undefined;
  const path = 'spec.gatewayRef.name';
  const why = gateway?.accepted === true ? 'has no key yet' : 'is not accepted yet';
  const message = `${path} ${peer.gatewayName} ${why}; see its conditions, the peer follows by itself.`;
  return { code: 'GatewayNotReady', message, path };
}

function keyInUse(publicKey: string, holder: string): Problem {
  const message = `${KEY_PATH} ${publicKey} is the key of ${holder}; give this peer a key pair of its own.`;
  return { code: 'PublicKeyInUse', message, path: KEY_PATH };
}
