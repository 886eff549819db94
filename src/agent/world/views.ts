import { WireGuardNodeConfig, WireGuardPeer } from '../../api/v1alpha1/index.ts';
import type { Endpoint } from '../../api/v1alpha1/endpoint.ts';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { PeerSpec } from '../../api/v1alpha1/peer.ts';
import { PeerStatus } from '../../api/v1alpha1/peer.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Projected } from '../../kube/store.ts';
import type { Granted, PeerToAccept } from '../../mesh/accept-peers.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { NodeConfigObject, PeerObject } from './kinds.ts';

/** What the agent remembers of its config. */
export interface ConfigView extends Projected {
  readonly gateways: readonly ConfiguredGateway[];
}

/** What the agent remembers of a peer. `generation` is metadata.generation. */
export interface PeerView extends Projected, PeerToAccept {
  readonly generation: number;
  /** `spec.endpoint` */
  readonly endpoint?: Endpoint;
  /** `spec.persistentKeepaliveSeconds`, 0 by default; absent when the object cannot be read. */
  readonly persistentKeepaliveSeconds?: number;
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
  };
  if (parsed.ok)
    return { ...common, ...askedIn(parsed.value.spec), ...decisionIn(parsed.value.status, common.generation) };
  const [invalid] = parsed.problems;
  const status = GRANTED.safeParse(object.status);
  const granted = status.success ? grantedIn(status.data) : undefined;
  return { ...common, routes: [], decided: false, ...(granted && { granted }), ...(invalid && { invalid }) };
}

/** An operator of another release may have written words into the rest of the status that this agent does not know. */
const GRANTED = PeerStatus.pick({ publicKey: true, addresses: true, routes: true });

function askedIn(spec: PeerSpec) {
  const { publicKey, routes = [], endpoint, persistentKeepaliveSeconds = 0 } = spec;
  return { routes, persistentKeepaliveSeconds, ...(publicKey && { publicKey }), ...(endpoint && { endpoint }) };
}

function decisionIn(status: PeerStatus | undefined, generation: number): Pick<PeerView, 'granted' | 'decided'> {
  const { observedGeneration, conditions = [] } = status ?? {};
  const isStalled = conditions.some(({ type, status: value }) => type === 'Stalled' && value === 'True');
  const granted = grantedIn(status ?? {});
  return { decided: !isStalled && (observedGeneration ?? -1) >= generation, ...(granted && { granted }) };
}

/** Undefined before the first decision. */
function grantedIn({ publicKey, addresses, routes = [], presharedKey = 'None' }: PeerStatus): Granted | undefined {
  return publicKey === undefined || addresses === undefined
    ? undefined
    : { publicKey, addresses, routes, presharedKey };
}

function projected({ metadata }: KubeObject): Projected {
  const { namespace = '', name, uid = '', resourceVersion = '' } = metadata;
  return { namespace, name, uid, resourceVersion };
}
