import { familyOf } from './ip/address.ts';
import { lengthOf, networkAddress, parsePrefix } from './ip/prefix.ts';
import { maskWords, readWords, writeWords } from './ip/words.ts';
import type { Words } from './ip/words.ts';
import type { Address, Prefix } from './model.ts';
import { automaticRange } from './pool.ts';
import type { PoolSpace } from './pool.ts';

/** Addresses a block holds: an aligned /24 or /120. */
export const BLOCK_SIZE = 256;

const BLOCK_LENGTH = { 4: 24, 6: 120 } as const;

/** A block by its name, `v4-0a5a0100` or `v6-` and 32 hex digits: its first address. */
export interface BlockRef {
  readonly name: string;
  readonly cidr: Prefix;
}

/** The block an address is recorded in, and where in it. */
export function blockOf(address: Address): BlockRef & { readonly offset: number } {
  const words = readWords(address);
  const offset = (words.family === 4 ? words.w0 : words.w3) & 255;
  return { ...refOf(words), offset };
}

/** The network of a block; undefined when this is not a name of a block. */
export function blockCidr(name: string): Prefix | undefined {
  const match = /^(?:v4-([0-9a-f]{6}00)|v6-([0-9a-f]{30}00))$/.exec(name);
  const hex = match?.[1] ?? match?.[2];
  if (hex === undefined) return undefined;
  const word = (i: number): number => Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16);
  if (hex.length === 8) return `${writeWords({ family: 4, w0: word(0), w1: 0, w2: 0, w3: 0 })}/24` as Prefix;
  return parsePrefix(`${writeWords({ family: 6, w0: word(0), w1: word(1), w2: word(2), w3: word(3) })}/120`);
}

/** The address at this offset of a block, 0 to 255. */
export function addressAt(block: Prefix, offset: number): Address {
  return addressAfter(readWords(networkAddress(block)), offset);
}

/** The same for who keeps the first address of a block as numbers. */
export function addressAfter(first: Words, offset: number): Address {
  return writeWords(plus(first, offset));
}

/** The blocks that automatic addresses of a pool come from, in the order in which they fill. Lazy: a /8 has 65,536. */
export function* blocksOfPool(space: PoolSpace): Generator<BlockRef, void> {
  const count = blockCount(space.cidr);
  for (let index = 0; index < count; index++) yield blockAt(space.cidr, index);
}

/** How many blocks `blocksOfPool` gives; a pool smaller than a block lies in one. */
export function blockCount(pool: Prefix): number {
  const range = automaticRange(pool);
  return 2 ** Math.max(0, BLOCK_LENGTH[familyOf(range)] - lengthOf(range));
}

/** The block number `index` of `blocksOfPool`. */
export function blockAt(pool: Prefix, index: number): BlockRef {
  return refOf(plus(readWords(networkAddress(pool)), index * BLOCK_SIZE));
}

function refOf(words: Words): BlockRef {
  const { family, w0, w1, w2, w3 } = words;
  const hex = family === 4 ? hexOf(w0 & ~255) : hexOf(w0) + hexOf(w1) + hexOf(w2) + hexOf(w3 & ~255);
  const length = BLOCK_LENGTH[family];
  return { name: `v${family}-${hex}`, cidr: `${writeWords(maskWords(words, length))}/${length}` as Prefix };
}

function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** Never carries out of the last word: at most 16 bits are added to an address aligned to them. */
function plus(words: Words, add: number): Words {
  const { family, w0, w1, w2, w3 } = words;
  return family === 4 ? { family, w0: w0 + add, w1, w2, w3 } : { family, w0, w1, w2, w3: w3 + add };
}
