import { BLOCK_SIZE, addressAt, blockAt, blockCount } from './blocks.ts';
import type { BlockRef } from './blocks.ts';
import { Bitmap } from './ip/bitmap.ts';
import { contains, lastAddress, networkAddress, overlaps } from './ip/prefix.ts';
import { readWords } from './ip/words.ts';
import type { Words } from './ip/words.ts';
import type { Prefix } from './model.ts';
import { isAutomatic } from './pool.ts';
import type { PoolSpace } from './pool.ts';

/** A block as one pool sees it. */
export interface OpenBlock extends BlockRef {
  /** Its number in the pool. */
  readonly index: number;
  readonly first: Words;
  /** Bits that the pool never gives by itself; undefined when there are none, the usual case. */
  readonly mask: Bitmap | undefined;
}

/** What one pool remembers between choices: which of its blocks are full for it, and which bits of a block are not its. */
export class PoolView {
  readonly #space: PoolSpace;
  readonly #full: Bitmap;
  readonly #blocks = new Map<number, OpenBlock>();
  /** No block below this one has room, so a search need not start at the beginning. */
  #lowest = 0;

  constructor(space: PoolSpace) {
    this.#space = space;
    this.#full = new Bitmap(blockCount(space.cidr));
  }

  /** Whether this is still what the pool says. */
  fits(space: PoolSpace): boolean {
    const { gatewayAddress, reserved } = this.#space;
    return (
      space.gatewayAddress === gatewayAddress &&
      space.reserved.length === reserved.length &&
      space.reserved.every((prefix, i) => prefix === reserved[i])
    );
  }

  /** The lowest block not known to be full. */
  nextOpen(): OpenBlock | undefined {
    const index = this.#full.nextFree(this.#lowest);
    if (index < 0) return undefined;
    this.#lowest = index;
    return this.#blocks.get(index) ?? this.#visit(index);
  }

  markFull(index: number): void {
    this.#full.set(index);
  }

  reopen(index: number): void {
    this.#full.clear(index);
    this.#lowest = Math.min(this.#lowest, index);
  }

  #visit(index: number): OpenBlock {
    const { name, cidr } = blockAt(this.#space.cidr, index);
    const block = { index, name, cidr, first: readWords(networkAddress(cidr)), mask: this.#makeMask(cidr) };
    this.#blocks.set(index, block);
    return block;
  }

  #makeMask(block: Prefix): Bitmap | undefined {
    if (!this.#needsMask(block)) return undefined;
    const mask = new Bitmap(BLOCK_SIZE);
    const wholly = this.#space.reserved.some((prefix) => contains(prefix, block));
    for (let offset = 0; offset < BLOCK_SIZE; offset++)
      if (wholly || !isAutomatic(this.#space, addressAt(block, offset))) mask.set(offset);
    return mask;
  }

  /** A pool smaller than a block shows by its first address. */
  #needsMask(block: Prefix): boolean {
    const { cidr, gatewayAddress, reserved } = this.#space;
    const special = [networkAddress(cidr), lastAddress(cidr), gatewayAddress];
    return special.some((one) => contains(block, one)) || reserved.some((prefix) => overlaps(prefix, block));
  }
}
