import type { Address } from './model.ts';

/** Which addresses belong to a key. */
export class AddressIndex {
  readonly #sets = new Map<string, Set<Address>>();

  get(key: string): ReadonlySet<Address> {
    return this.#sets.get(key) ?? NONE;
  }

  add(key: string, address: Address): void {
    const known = this.#sets.get(key);
    if (known === undefined) this.#sets.set(key, new Set([address]));
    else known.add(address);
  }

  delete(key: string, address: Address): void {
    const known = this.#sets.get(key);
    known?.delete(address);
    if (known?.size === 0) this.#sets.delete(key);
  }
}

const NONE: ReadonlySet<Address> = new Set();
