import type { Granted } from './accept-peers.ts';
import { wrongAddress } from './accept-peers-bounds.ts';
import type { Bounds } from './accept-peers-bounds.ts';
import type { KeyAndAddresses } from './accept-peers-held.ts';
import { familyOf, parseAddress } from './ip/address.ts';
import { parsePublicKey } from './key.ts';
import type { Address } from './model.ts';

/**
 * Key and addresses that were granted, or what is wrong with them, as the end of a sentence. `asked` is
 * `spec.publicKey`; when the spec gives none, any key that the operator made goes.
 */
export function checkGranted(asked: string | undefined, granted: Granted, bounds: Bounds): KeyAndAddresses | string {
  const publicKey = parsePublicKey(granted.publicKey);
  if (publicKey === undefined) return `has the unusable public key ${granted.publicKey}`;
  if (publicKey === bounds.publicKey) return 'has the public key of the gateway itself';
  if (asked !== undefined && publicKey !== asked) return `has public key ${publicKey}, but spec.publicKey is ${asked}`;
  const addresses: Address[] = [];
  for (const text of granted.addresses) {
    const address = parseAddress(text);
    if (address === undefined) return `has ${text}, which is no canonical address`;
    const wrong = wrongAddress(address, bounds);
    if (wrong !== undefined) return wrong;
    addresses.push(address);
  }
  if (new Set(addresses.map(familyOf)).size < addresses.length) {
    return `has several addresses of one family: ${addresses.join(', ')}`;
  }
  return { publicKey, addresses };
}
