import type { WireGuardGateway } from '../../api/v1alpha1/gateway.ts';
import type { WireGuardNodeReport } from '../../api/v1alpha1/node-report.ts';
import type { WireGuardPeer } from '../../api/v1alpha1/peer.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import type { Chosen, Cluster } from '../cluster.ts';
import { failureOf, isForbidden } from '../failure.ts';
import { gateways, nodeReports, peers } from '../resources.ts';
import { reportedConnections } from './reported.ts';
import type { MeshObjects } from './view.ts';

export interface Scope {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** Where the reports of the nodes are. */
  readonly systemNamespace: string;
  /** Of gateways and peers; undefined: whatever their labels. */
  readonly labelSelector?: string | undefined;
}

export function placeOf({ namespace, labelSelector }: Pick<Scope, 'namespace' | 'labelSelector'>): string {
  const labels = labelSelector === undefined ? '' : ` with the labels ${labelSelector}`;
  return `${namespace === undefined ? 'in any namespace' : `in namespace ${namespace}`}${labels}`;
}

export function noneIn(scope: Pick<Scope, 'namespace' | 'labelSelector'>): string {
  const hint = scope.namespace === undefined ? '' : '; -A looks everywhere';
  return `There are no gateways and no peers ${placeOf(scope)}${hint}.`;
}

/** What the caller may read. */
export interface Readable {
  readonly gateways: boolean;
  readonly peers: boolean;
}

export interface Gathered {
  readonly objects: MeshObjects;
  readonly readable: Readable;
  /** What is not shown, and the right that is missing. */
  readonly notes: readonly string[];
}

/**
 * Reads gateways and peers once, and reports where that is allowed: they are fresher, and whoever may not read them sees
 * the statuses. Many may read peers and not gateways, or the other way round; an error only when both are forbidden.
 */
export async function gather(
  cluster: Cluster,
  { namespace, systemNamespace, labelSelector }: Scope,
): Promise<Gathered> {
  const chosen = { namespace, labelSelector };
  const [foundGateways, foundPeers, reports] = await Promise.all([
    unlessForbidden<WireGuardGateway>(cluster, gateways, chosen),
    unlessForbidden<WireGuardPeer>(cluster, peers, chosen),
    reportsIn(cluster, systemNamespace),
  ]);
  if ('refusal' in foundGateways && 'refusal' in foundPeers) throw foundPeers.refusal;
  return {
    objects: {
      gateways: itemsOf(foundGateways),
      peers: itemsOf(foundPeers),
      reported: reportedConnections(reports),
      isComplete: !('refusal' in foundPeers) && labelSelector === undefined,
    },
    readable: { gateways: !('refusal' in foundGateways), peers: !('refusal' in foundPeers) },
    notes: [...noteOf('gateways', foundGateways), ...noteOf('peers', foundPeers)],
  };
}

type Found<T> = { readonly items: readonly T[] } | { readonly refusal: unknown };

async function unlessForbidden<T extends KubeObject>(
  cluster: Cluster,
  resource: Resource<T>,
  chosen: Chosen,
): Promise<Found<T>> {
  try {
    return { items: await cluster.list(resource, chosen) };
  } catch (refusal) {
    if (isForbidden(refusal)) return { refusal };
    throw refusal;
  }
}

async function reportsIn(cluster: Cluster, namespace: string): Promise<readonly WireGuardNodeReport[]> {
  try {
    return await cluster.list(nodeReports, { namespace });
  } catch {
    return [];
  }
}

function itemsOf<T>(found: Found<T>): readonly T[] {
  return 'items' in found ? found.items : [];
}

function noteOf(what: string, found: Found<unknown>): string[] {
  return 'refusal' in found ? [failureOf(found.refusal).line.replace(/^error:/, `${what} are not shown:`)] : [];
}
