import type { KeySecret } from '../../keys/gateway-key.ts';
import { PEER_CONFIG_TYPE, peerSecretName } from '../../keys/peer-secret.ts';
import type { ObjectRef } from '../../kube/object.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import type { Problem } from '../../mesh/problem.ts';
import { MANAGED_BY_LABEL } from '../gateway/gateway-keys.ts';

/** Labels of a Secret with a peer's file; it is adopted only with them, the right type and the right owner. */
const PEER_LABEL = 'peerwright.dev/peer';
const MANAGED_BY = 'peerwright';
const GROUP = 'peerwright.dev/';
const KIND = 'WireGuardPeer';

export interface SecretOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function configSecretRef({ namespace, name }: ObjectRef): ObjectRef {
  return { namespace, name: peerSecretName(name) };
}

/** The Secret as it is created. The garbage collector takes it when the operator is not there to see the peer go. */
export function newConfigSecret(owner: SecretOwner, data: Record<string, string>): KubeSecret {
  const { namespace, name, uid } = owner;
  return {
    metadata: {
      namespace,
      name: peerSecretName(name),
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [PEER_LABEL]: name },
      ownerReferences: [{ apiVersion: `${GROUP}v1alpha1`, kind: KIND, name, uid }],
    },
    type: PEER_CONFIG_TYPE,
    data,
  };
}

/**
 * Whose a Secret is, seen from a peer: `Ours`, of an `Earlier` peer of the same name, or `Foreign`: anything that has not
 * all of type, labels and an owner, which is never touched.
 */
export function ownershipOf(
  { type, metadata }: KubeSecret,
  owner: Omit<SecretOwner, 'namespace'>,
): 'Ours' | 'Earlier' | 'Foreign' {
  const { labels = {}, ownerReferences = [] } = metadata;
  const isMarked = labels[MANAGED_BY_LABEL] === MANAGED_BY && labels[PEER_LABEL] === owner.name;
  const owners = ownerReferences.filter(({ apiVersion, kind }) => apiVersion.startsWith(GROUP) && kind === KIND);
  if (type !== PEER_CONFIG_TYPE || !isMarked || owners.length === 0) return 'Foreign';
  return owners.some(({ uid }) => uid === owner.uid) ? 'Ours' : 'Earlier';
}

/** As keys/ reads it. */
export function secretOf({ metadata, type, data }: KubeSecret): KeySecret {
  return { name: metadata.name, type, data };
}

export function foreignSecret({ name }: Pick<SecretOwner, 'name'>): Problem {
  const message = `Secret ${peerSecretName(name)} exists and is not one that was made for peer ${name}; rename or delete it.`;
  return { code: 'SecretConflict', message };
}

/** What somebody made immutable cannot follow any more. */
export function frozenSecret({ name }: Pick<SecretOwner, 'name'>): Problem {
  const message = `Secret ${peerSecretName(name)} is immutable and out of date; delete it to have it made anew.`;
  return { code: 'SecretConflict', message };
}

/** A pair that a person has put into the Secret is checked like one in a spec. */
export function secretOfOther({ name }: Pick<SecretOwner, 'name'>): Problem {
  const message = `Secret ${peerSecretName(name)} holds a key that another peer or the gateway has; delete it to get a new key pair.`;
  return { code: 'PublicKeyInUse', message };
}
