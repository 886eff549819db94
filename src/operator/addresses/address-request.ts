import type { Allocation } from '../../api/v1alpha1/address-block.ts';
import { blockCidr, blockOf } from '../../mesh/blocks.ts';
import { familyOf } from '../../mesh/ip/address.ts';
import { overlaps } from '../../mesh/ip/prefix.ts';
import type { Address } from '../../mesh/model.ts';
import type { PoolSpace } from '../../mesh/pool.ts';
import type { Problem } from '../../mesh/problem.ts';

/** Who wants addresses and from where. */
export interface AddressRequest {
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly peer: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly spaces: readonly PoolSpace[];
  /** At most one a family; none: any. */
  readonly requested: readonly Address[];
  /** What the peer's status says it has. */
  readonly granted: readonly Address[];
}

/** All granted, or why not; `Waiting`: a quarantined address of an earlier peer of this name comes back soon. */
export type AddressAnswer =
  | { readonly kind: 'Granted'; readonly addresses: readonly Address[] }
  | { readonly kind: 'Refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'Waiting' };

/** The entry that records the request at an offset of a block. */
export function allocationOf({ gateway, peer }: AddressRequest, offset: number): Allocation {
  return {
    offset,
    gateway: { namespace: gateway.namespace, name: gateway.name },
    peer: { namespace: peer.namespace, name: peer.name, uid: peer.uid },
  };
}

/** Of several addresses that one peer holds the one in its status stays, else the lowest: every operator chooses alike. */
export function preferred(held: readonly Address[], granted: readonly Address[]): Address | undefined {
  return held.find((address) => granted.includes(address)) ?? held[0];
}

/** The address families for which the pools have room at all. */
export function familiesOf(spaces: readonly PoolSpace[]): (4 | 6)[] {
  return ([4, 6] as const).filter((family) => spaces.some((space) => familyOf(space.cidr) === family));
}

/** Whether a block holds addresses of a pool. */
export function inSpace(block: string, space: PoolSpace): boolean {
  const cidr = blockCidr(block);
  return cidr !== undefined && overlaps(cidr, space.cidr);
}

export function exhausted({ gateway }: AddressRequest, spaces: readonly PoolSpace[]): Problem {
  const pools = spaces.map((space) => space.cidr).join(', ');
  return {
    code: 'PoolExhausted',
    message: `no address is left in ${pools} of gateway ${gateway.name}; add a pool to it or delete peers.`,
  };
}

/** A block that cannot be read keeps its peers where they are. */
export function corrupt(address: Address): Problem {
  const { name } = blockOf(address);
  const message = `WireGuardAddressBlock ${name}, which records ${address}, cannot be read; correct or restore it.`;
  return { code: 'BlockCorrupt', message };
}
