import type { GatewaySpec } from '../../api/v1alpha1/gateway.ts';
import type { AddressBook } from '../../mesh/address-book.ts';
import { checkPools } from '../../mesh/checks/pools.ts';
import { parsePrefix } from '../../mesh/ip/prefix.ts';
import type { GatewayDecision } from '../../mesh/gateway-status.ts';
import type { Prefix, PublicKey } from '../../mesh/model.ts';
import { parsePool } from '../../mesh/pool.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { KeyDelivery } from '../key-delivery.ts';
import type { Caches } from '../world/caches.ts';
import type { NetworkClaims } from '../world/network-claims.ts';
import type { GatewayView } from '../world/views.ts';
import { endpointOf } from './endpoint.ts';
import { grantedDecision } from './granted.ts';
import type { PortRange } from './listen-port.ts';
import { choosePort } from './listen-port.ts';
import { offerIn } from './offer.ts';
import type { PlacementDeps } from './placement.ts';
import { ownAddressProblems } from './own-addresses.ts';
import { awaitsAgents, place, portsBefore, portsOn } from './placement.ts';

export interface DecideDeps extends PlacementDeps {
  readonly caches: Pick<Caches, 'gateways' | 'nodes' | 'nodeConfigs'>;
  readonly networks: NetworkClaims;
  readonly book: Pick<AddressBook, 'holderOf'>;
  readonly portRange: PortRange;
}

/** Why the spec of a gateway cannot be accepted. */
export function gatewayProblems(gateway: GatewayView, deps: DecideDeps): readonly Problem[] {
  if (gateway.invalid) return [gateway.invalid];
  const ofPools = checkPools({
    self: { ...gateway, granted: grantedPools(gateway) },
    pools: gateway.spec.pools,
    otherGateways: deps.caches.gateways.list().map((other) => ({
      ...other,
      pools: prefixes((other.spec?.pools ?? []).map((pool) => pool.cidr)),
      granted: grantedPools(other),
    })),
    clusterNetworks: deps.networks.cluster.list,
    routeClaimsOn: (network) => deps.networks.routeClaimsOn(network),
  });
  return [...ofPools, ...ownAddressProblems(gateway, deps.book)];
}

/** What is decided about an accepted gateway that has its key, or what is in the way. */
export type GatewayVerdict =
  | { readonly decision: GatewayDecision; readonly problem?: undefined; readonly waiting?: undefined }
  | { readonly problem: Problem }
  | { readonly waiting: Problem; readonly problem?: undefined };

export function decideGateway(
  { gateway, spec, publicKey }: { gateway: GatewayView; spec: GatewaySpec; publicKey: PublicKey },
  delivery: KeyDelivery,
  deps: DecideDeps,
): GatewayVerdict {
  // a gateway that has no node yet gets none while its key could not go there
  if (!gateway.status.nodeName && delivery.kind !== 'InForce') return undelivered(delivery);
  const placed = place(gateway, deps);
  if (!placed.ok) return unplaced(gateway, placed.problems, deps);
  const nodeName = placed.value;
  // nor does it leave a node that has its key for one that cannot get it
  if (nodeName !== gateway.status.nodeName && delivery.kind !== 'InForce') return undelivered(delivery);
  const listenPort = listenPortOn(nodeName, { gateway, spec }, deps);
  if (listenPort === undefined) return { problem: noPort(deps.portRange) };
  const spaces = spec.pools.map(parsePool).filter((space) => space !== undefined);
  const node = deps.caches.nodes.get(nodeName);
  const endpoint = endpointOf(spec.endpoint, node, listenPort);
  return {
    decision: {
      publicKey,
      nodeName,
      listenPort,
      addresses: spaces.map((space) => space.gatewayAddress),
      pools: spaces.map((space) => space.cidr),
      ...offerIn(spec),
      ...(endpoint && { endpoint }),
    },
  };
}

function listenPortOn(
  nodeName: string,
  { gateway, spec }: { gateway: GatewayView; spec: GatewaySpec },
  deps: DecideDeps,
): number | undefined {
  const current = grantedDecision(gateway.status)?.listenPort;
  const wish = { fixed: spec.listenPort, current, range: deps.portRange };
  return choosePort(wish, {
    // what another gateway once could not have may be the port of this one
    forCurrent: new Set([...portsBefore(nodeName, gateway, deps), ...deps.reports.takenPorts(nodeName, gateway.uid)]),
    forNew: new Set([...portsOn(nodeName, gateway, deps), ...deps.reports.takenPorts(nodeName)]),
  });
}

function unplaced(gateway: GatewayView, [problem]: readonly Problem[], deps: DecideDeps): GatewayVerdict {
  if (!problem) return { problem: noPort(deps.portRange) };
  return awaitsAgents(gateway, deps) ? { waiting: { code: 'Progressing', message: AWAITED } } : { problem };
}

const AWAITED = 'Waiting for a sign of life of the agents, ten seconds at most.';

/** Why the key cannot go to a node now. */
export function undelivered(delivery: KeyDelivery): { readonly problem: Problem } | { readonly waiting: Problem } {
  if (delivery.kind === 'Unsafe') {
    const first = delivery.problems[0] ?? {
      code: 'KeyDeliveryUnsafe',
      message: 'The admission policies are not in force.',
    };
    return { problem: first };
  }
  return {
    waiting: { code: 'Progressing', message: 'Waiting until the admission policies are known to be in force.' },
  };
}

function grantedPools(gateway: GatewayView): Prefix[] {
  return prefixes((gateway.status.pools ?? []).map((pool) => pool.cidr));
}

function prefixes(texts: readonly string[]): Prefix[] {
  return texts.map(parsePrefix).filter((prefix) => prefix !== undefined);
}

function noPort(range: PortRange): Problem {
  const message = `every port from ${range.first} to ${range.last} is taken on its node, by other gateways or by other programs; set spec.listenPort, or give the operator a wider range.`;
  return { code: 'NoEligibleNode', message, path: 'spec.listenPort' };
}
