import { parseAddress } from '../../mesh/ip/address.ts';
import { hostPrefix, parsePrefix } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { ClusterNetwork } from '../../mesh/checks/special-networks.ts';
import { NetworkIndex } from '../../mesh/checks/network-index.ts';
import { sameJson } from '../../mesh/merge-patch.ts';
import type { Change } from '../../kube/store.ts';
import type { Caches } from './caches.ts';
import type { NodeView, ServiceCIDRView } from './views.ts';

export interface ClusterNetworkSources {
  readonly nodes: Iterable<NodeView>;
  readonly serviceCIDRs: Iterable<ServiceCIDRView>;
  /** Addresses of the API server, as far as they are addresses. */
  readonly apiServer: readonly string[];
  /** What the administrator forbids besides. */
  readonly forbidden: readonly string[];
}

/** The cluster's own networks as the caches show them; put together anew only after a change. */
export class ClusterNetworks {
  readonly #gather: () => readonly ClusterNetwork[];
  #list: readonly ClusterNetwork[] | undefined;
  #index: NetworkIndex<ClusterNetwork> | undefined;

  constructor(
    caches: Pick<Caches, 'nodes' | 'serviceCIDRs'>,
    fixed: Pick<ClusterNetworkSources, 'apiServer' | 'forbidden'>,
  ) {
    this.#gather = () =>
      clusterNetworks({ ...fixed, nodes: caches.nodes.values(), serviceCIDRs: caches.serviceCIDRs.values() });
    caches.serviceCIDRs.subscribe(() => this.#forget());
    caches.nodes.subscribe((change) => {
      if (changesNetworks(change)) this.#forget();
    });
  }

  get list(): readonly ClusterNetwork[] {
    return (this.#list ??= this.#gather());
  }

  /** One that overlaps the network. */
  on(network: Prefix): ClusterNetwork | undefined {
    this.#index ??= indexOf(this.list);
    const [first] = this.#index.overlapping(network);
    return first;
  }

  #forget(): void {
    this.#list = undefined;
    this.#index = undefined;
  }
}

/** Whether a node's own networks are others than before. */
export function changesNetworks(change: Change<NodeView>): boolean {
  if (change.type !== 'Modified') return true;
  const { old, object } = change;
  return !sameJson(old.podCIDRs, object.podCIDRs) || !sameJson(old.addresses, object.addresses);
}

/** The networks that a node has of its own. */
export function networksOfNode({ podCIDRs, addresses }: NodeView): Prefix[] {
  const texts = [...podCIDRs, ...addresses.map(({ address }) => address)];
  return texts.map(networkOf).filter((network) => network !== undefined);
}

/** The cluster's own networks, each once. */
export function clusterNetworks(sources: ClusterNetworkSources): ClusterNetwork[] {
  const found = new Map<Prefix, string>();
  const add = (what: string, text: string) => {
    const prefix = networkOf(text);
    if (prefix && !found.has(prefix)) found.set(prefix, what);
  };
  for (const { cidrs } of sources.serviceCIDRs) for (const cidr of cidrs) add('the service network', cidr);
  for (const address of sources.apiServer) add('the API server', address);
  for (const cidr of sources.forbidden) add('a network that the administrator excluded', cidr);
  for (const node of sources.nodes) {
    for (const cidr of node.podCIDRs) add(`the pod network of node ${node.name}`, cidr);
    for (const { address } of node.addresses) add(`an address of node ${node.name}`, address);
  }
  return [...found].map(([prefix, what]) => ({ what, prefix }));
}

function indexOf(networks: readonly ClusterNetwork[]): NetworkIndex<ClusterNetwork> {
  const index = new NetworkIndex<ClusterNetwork>();
  for (const network of networks) index.add(network.prefix, network);
  return index;
}

/** Host names among node addresses are no networks. */
function networkOf(text: string): Prefix | undefined {
  const address = parseAddress(text);
  return address ? hostPrefix(address) : parsePrefix(text);
}
