import { parsePrefix } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import { PeerwrightError } from '../../runtime/error.ts';

/** The family and name of our table, as nft wants them. */
export const TABLE = 'inet peerwright';

/*
 * What may stand in the text for nft. Each of these throws for everything else: names and networks are branded types, so
 * that something else here is a mistake of ours, and must not become a rule.
 */

/** A network in canonical form. One word is not enough: nft also takes ranges, and names that it asks the DNS for. */
export function network(prefix: Prefix): Prefix {
  return parsePrefix(prefix) ?? refuse(prefix);
}

/** An interface name, quoted. */
export function quoted(name: string): string {
  return isWord(name) ? `"${name}"` : refuse(name);
}

export function isWord(text: string): boolean {
  return /^[A-Za-z0-9_.:/-]+$/.test(text);
}

function refuse(text: string): never {
  throw new PeerwrightError('FirewallInvalid', `${JSON.stringify(text)} must not stand in a firewall rule`);
}
