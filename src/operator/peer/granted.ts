import { parseAddress } from '../../mesh/ip/address.ts';
import { parsePrefix } from '../../mesh/ip/prefix.ts';
import { parsePublicKey } from '../../mesh/key.ts';
import type { Address, Prefix } from '../../mesh/model.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import type { PeerView } from '../world/views.ts';

/** The decision that a peer's status records: what is in force, whatever its spec says now. */
export function grantedTo({ status }: PeerView): PeerDecision | undefined {
  const publicKey = status.publicKey === undefined ? undefined : parsePublicKey(status.publicKey);
  const addresses = parsedAddresses(status.addresses);
  if (!publicKey || addresses.length === 0) return undefined;
  return {
    publicKey,
    addresses,
    routes: parsedPrefixes(status.routes),
    presharedKey: status.presharedKey ?? 'None',
    ...(status.configSecret && { configSecret: status.configSecret.name }),
  };
}

/** Whether what a status grants is of this very spec, not what an earlier one was given. */
export function isDecided({ generation, status }: PeerView): boolean {
  const is = (type: string) => status.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
  return status.observedGeneration === generation && is('Accepted') && !is('Stalled');
}

export function parsedAddresses(texts: readonly string[] | undefined): Address[] {
  return (texts ?? []).map(parseAddress).filter((address) => address !== undefined);
}

export function parsedPrefixes(texts: readonly string[] | undefined): Prefix[] {
  return (texts ?? []).map(parsePrefix).filter((prefix) => prefix !== undefined);
}
