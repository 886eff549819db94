import { parseAddress } from '../../mesh/ip/address.ts';
import { hostPrefix, parsePrefix } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { ClusterNetwork } from '../../mesh/checks/special-networks.ts';
import type { NodeView, ServiceCIDRView } from '../world/views.ts';

export interface ClusterNetworkSources {
  readonly nodes: Iterable<NodeView>;
  readonly serviceCIDRs: Iterable<ServiceCIDRView>;
  /** Addresses of the API server, as far as they are addresses. */
  readonly apiServer: readonly string[];
  /** What the administrator forbids besides. */
  readonly forbidden: readonly string[];
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

/** Host names among node addresses are no networks. */
function networkOf(text: string): Prefix | undefined {
  const address = parseAddress(text);
  return address ? hostPrefix(address) : parsePrefix(text);
}
