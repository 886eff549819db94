import { familyOf } from '../ip/address.ts';
import { lengthOf, networkAddress } from '../ip/prefix.ts';
import { readWords } from '../ip/words.ts';
import type { Words } from '../ip/words.ts';
import type { Prefix } from '../model.ts';

/**
 * What overlaps a network, among any number of them: a binary tree with one level a bit. Those around the network lie
 * on the way to it, those inside below it.
 */
export class NetworkIndex<T> {
  readonly #roots = { 4: branch<T>(), 6: branch<T>() };

  add(network: Prefix, value: T): void {
    let node = this.#roots[familyOf(network)];
    for (const bit of bitsOf(network)) node = node.branches[bit] ??= branch();
    (node.values ??= new Set()).add(value);
  }

  remove(network: Prefix, value: T): void {
    const way: Node<T>[] = [this.#roots[familyOf(network)]];
    const bits = [...bitsOf(network)];
    for (const bit of bits) {
      const next = way.at(-1)?.branches[bit];
      if (next === undefined) return;
      way.push(next);
    }
    way.at(-1)?.values?.delete(value);
    for (let depth = bits.length; depth > 0 && isEmpty(way[depth]); depth--) {
      const above = way[depth - 1];
      if (above !== undefined) above.branches[bits[depth - 1] ?? 0] = undefined;
    }
  }

  /** The wider ones first; a value comes once for each of its networks that overlap. */
  *overlapping(network: Prefix): IterableIterator<T> {
    let node: Node<T> | undefined = this.#roots[familyOf(network)];
    for (const bit of bitsOf(network)) {
      if (node.values !== undefined) yield* node.values;
      node = node.branches[bit];
      if (node === undefined) return;
    }
    yield* below(node);
  }
}

interface Node<T> {
  values: Set<T> | undefined;
  readonly branches: [Node<T> | undefined, Node<T> | undefined];
}

function branch<T>(): Node<T> {
  return { values: undefined, branches: [undefined, undefined] };
}

function isEmpty(node: Node<unknown> | undefined): boolean {
  return node !== undefined && !node.values?.size && !node.branches[0] && !node.branches[1];
}

function* below<T>(node: Node<T>): IterableIterator<T> {
  if (node.values !== undefined) yield* node.values;
  for (const next of node.branches) if (next !== undefined) yield* below(next);
}

function* bitsOf(network: Prefix): IterableIterator<0 | 1> {
  const words = readWords(networkAddress(network));
  const length = lengthOf(network);
  for (let bit = 0; bit < length; bit++) yield ((wordAt(words, bit >> 5) >>> (31 - (bit & 31))) & 1) as 0 | 1;
}

function wordAt({ w0, w1, w2, w3 }: Words, index: number): number {
  return [w0, w1, w2, w3][index] ?? 0;
}
