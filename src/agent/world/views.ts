import { WireGuardNodeConfig, WireGuardPeer } from '../../api/v1alpha1/index.ts';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { PeerStatus } from '../../api/v1alpha1/peer.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Projected } from '../../kube/store.ts';
import type { PeerToAccept } from '../../mesh/accept-peers.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { NodeConfigObject, PeerObject } from './kinds.ts';

/** What the agent remembers of its config. */
export interface ConfigView extends Projected {
  readonly gateways: readonly ConfiguredGateway[];
}

/** What the agent remembers of a peer. `generation` is metadata.generation. */
export interface PeerView extends Projected, PeerToAccept {
  readonly generation: number;
}

/** Throws `NodeConfigInvalid`: the last readable state then stays in force. */
export function configView(object: NodeConfigObject): ConfigView {
  const parsed = WireGuardNodeConfig.parse(object);
  if (parsed.ok) return { ...projected(object), gateways: parsed.value.spec.gateways };
  const [first] = parsed.problems;
  throw new PeerwrightError('NodeConfigInvalid', `The config of this node: ${first?.path} ${first?.message}`);
}

/** Never throws: an unreadable peer must still be seen as one that is there, or Disabled. */
export function peerView(object: PeerObject): PeerView {
  const parsed = WireGuardPeer.parse(object);
  const { metadata } = object;
  // somebody's finalizer may keep a deleted peer for long; it is revoked all the same
  const isRevoked = object.spec?.state === 'Disabled' || metadata.deletionTimestamp !== undefined;
  const common = {
    ...projected(object),
    generation: metadata.generation ?? 0,
    creationTimestamp: metadata.creationTimestamp ?? '',
    state: isRevoked ? ('Disabled' as const) : ('Enabled' as const),
    publicKey: String(object.spec?.publicKey),
  };
  if (parsed.ok) return { ...common, ...decisionIn(parsed.value.status, common.generation) };
  const [invalid] = parsed.problems;
  return { ...common, decided: false, ...(invalid && { invalid }) };
}

function decisionIn(status: PeerStatus | undefined, generation: number): Pick<PeerView, 'granted' | 'decided'> {
  const { publicKey, addresses, observedGeneration, conditions = [] } = status ?? {};
  const isStalled = conditions.some(({ type, status: value }) => type === 'Stalled' && value === 'True');
  return {
    decided: !isStalled && (observedGeneration ?? -1) >= generation,
    ...(publicKey !== undefined && addresses !== undefined && { granted: { publicKey, addresses } }),
  };
}

function projected({ metadata }: KubeObject): Projected {
  const { namespace = '', name, uid = '', resourceVersion = '' } = metadata;
  return { namespace, name, uid, resourceVersion };
}
