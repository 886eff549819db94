/** A fixed number of bits. Finding a free one looks at 32 at a time. */
export class Bitmap {
  readonly size: number;
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.size = size;
    this.#words = new Uint32Array(Math.ceil(size / 32));
    // What lies behind the end of the last word counts as taken, so that no search needs to know the size.
    const tail = size % 32;
    if (tail > 0) this.#words[this.#words.length - 1] = -1 << tail;
  }

  has(bit: number): boolean {
    return ((this.#word(bit >>> 5) >>> (bit & 31)) & 1) === 1;
  }

  set(bit: number): void {
    this.#check(bit);
    this.#words[bit >>> 5] = this.#word(bit >>> 5) | (1 << (bit & 31));
  }

  clear(bit: number): void {
    this.#check(bit);
    this.#words[bit >>> 5] = this.#word(bit >>> 5) & ~(1 << (bit & 31));
  }

  /**
   * The first bit at or after `from`, going on at 0 after the end, that is clear here and in `mask`; -1 when there is
   * none. Looks at each word once and at the one of `from` twice, so it ends whatever the content.
   */
  nextFree(from: number, mask?: Bitmap): number {
    this.#check(from);
    const count = this.#words.length;
    const start = from >>> 5;
    for (let step = 0; step <= count; step++) {
      const index = (start + step) % count;
      const fromHere = step === 0 ? -1 << (from & 31) : -1;
      const free = ~(this.#word(index) | (mask === undefined ? 0 : mask.#word(index))) & fromHere;
      if (free !== 0) return index * 32 + 31 - Math.clz32(free & -free);
    }
    return -1;
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }

  #check(bit: number): void {
    if (bit < 0 || bit >= this.size) throw new RangeError(`bit ${bit} of ${this.size}`);
  }
}
