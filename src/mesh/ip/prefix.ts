import type { Address, Prefix } from '../model.ts';
import { familyOf, parseAddress } from './address.ts';
import { BITS, compareWords, fillWords, maskWords, readWords, writeWords } from './words.ts';
import type { Words } from './words.ts';

/** Accepts `address/length` only: canonical address (see `parseAddress`), canonical decimal length, no host bits. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([0-9a-f:.]{2,39})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  const length = Number(match?.[2]);
  if (address === undefined || length > BITS[familyOf(address)]) return undefined;
  const words = readWords(address);
  return compareWords(maskWords(words, length), words) === 0 ? (text as Prefix) : undefined;
}

/** The number of leading bits that are fixed: 24 for `10.0.0.0/24`. */
export function lengthOf(prefix: Prefix): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

/** The network of this length that the address lies in. */
export function prefixOf(address: Address, length: number): Prefix {
  return `${writeWords(maskWords(readWords(address), length))}/${length}` as Prefix;
}

/** `/32` or `/128`. */
export function hostPrefix(address: Address): Prefix {
  return `${address}/${BITS[familyOf(address)]}` as Prefix;
}

/** The address of a host prefix; undefined for a network of more than one address. */
export function addressOf(prefix: Prefix): Address | undefined {
  return lengthOf(prefix) === BITS[familyOf(prefix)] ? networkAddress(prefix) : undefined;
}

/** The first address. */
export function networkAddress(prefix: Prefix): Address {
  return prefix.slice(0, prefix.indexOf('/')) as Address;
}

/** The last address: broadcast in IPv4. */
export function lastAddress(prefix: Prefix): Address {
  return writeWords(fillWords(read(prefix), lengthOf(prefix)));
}

/** Whether every address of `inner` lies in `outer`; false across families. */
export function contains(outer: Prefix, inner: Address | Prefix): boolean {
  if (outer === inner) return true;
  const length = lengthOf(outer);
  if (inner.includes('/') && lengthOf(inner as Prefix) < length) return false;
  return compareWords(read(outer), maskWords(read(inner), length)) === 0;
}

/** Whether any address lies in both. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** Orders IPv4 before IPv6, then by first address, then wider before narrower. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return a === b ? 0 : compareWords(read(a), read(b)) || lengthOf(a) - lengthOf(b);
}

/** A sorted copy. */
export function sortPrefixes(prefixes: Iterable<Prefix>): Prefix[] {
  return [...prefixes].toSorted(comparePrefixes);
}

function read(what: Address | Prefix): Words {
  const slash = what.indexOf('/');
  return readWords(slash < 0 ? what : what.slice(0, slash));
}
