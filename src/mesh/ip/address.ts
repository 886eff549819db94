import { Address4, Address6 } from 'ip-address';
import type { Address, Prefix } from '../model.ts';
import { BITS, compareWords, readWords, writeWords } from './words.ts';
import type { Family, Words } from './words.ts';

export type { Family } from './words.ts';

/**
 * Accepts the one canonical form only: dotted decimal without leading zeros, RFC 5952 for IPv6, no zone, no prefix
 * length. IPv4-mapped addresses (::ffff:0:0/96) are refused in every notation, as CEL's `isIP` does: they are IPv4.
 * For the edge: 1-2 us.
 */
export function parseAddress(text: string): Address | undefined {
  if (!/^[0-9.]{7,15}$|^[0-9a-f:]{2,39}$/.test(text)) return undefined;
  const wellFormed = text.includes(':') ? Address6.isValid(text) : Address4.isValid(text);
  if (!wellFormed) return undefined;
  const words = readWords(text);
  return writeWords(words) === text && !isMapped(words) ? (text as Address) : undefined;
}

export function familyOf(what: Address | Prefix): Family {
  return what.includes(':') ? 6 : 4;
}

/** Orders IPv4 before IPv6, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  return a === b ? 0 : compareWords(readWords(a), readWords(b));
}

/** A sorted copy. */
export function sortAddresses(addresses: Iterable<Address>): Address[] {
  return [...addresses].toSorted(compareAddresses);
}

/** The address as a number of 32 or 128 bits. */
export function numberOf(address: Address): bigint {
  return numberOfWords(readWords(address));
}

/** The address that has this number. Throws a RangeError for a number outside the family. */
export function addressFrom(family: Family, value: bigint): Address {
  if (value < 0n || value >> BigInt(BITS[family]) !== 0n) throw new RangeError(`no IPv${family} address: ${value}`);
  if (family === 4) return writeWords({ family, w0: Number(value), w1: 0, w2: 0, w3: 0 });
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn);
  return writeWords({ family, w0: word(96n), w1: word(64n), w2: word(32n), w3: word(0n) });
}

function numberOfWords({ family, w0, w1, w2, w3 }: Words): bigint {
  if (family === 4) return BigInt(w0);
  return (BigInt(w0) << 96n) | (BigInt(w1) << 64n) | (BigInt(w2) << 32n) | BigInt(w3);
}

function isMapped({ family, w0, w1, w2 }: Words): boolean {
  return family === 6 && w0 === 0 && w1 === 0 && w2 === 0xffff;
}
