import type { AddressBook } from '../../mesh/address-book.ts';
import { parsePool } from '../../mesh/pool.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { GatewayView } from '../world/views.ts';

/** Why a gateway cannot have an address of its own: a peer holds it, and what is granted stays with its holder. */
export function ownAddressProblems(gateway: GatewayView, book: Pick<AddressBook, 'holderOf'>): Problem[] {
  const granted = gateway.status.addresses ?? [];
  return (gateway.spec?.pools ?? []).flatMap((pool, index) => {
    const address = parsePool(pool)?.gatewayAddress;
    if (!address || granted.includes(address)) return [];
    const holder = book.holderOf(address);
    if (!holder) return [];
    const who = holder.peer.namespace === gateway.namespace ? `peer ${holder.peer.name}` : 'a peer elsewhere';
    const path = `spec.pools[${index}].gatewayAddress`;
    const message = `${path} ${address} belongs to ${who}; choose another, or delete the peer first.`;
    return [{ code: 'AddressInUse', message, path }];
  });
}
