import { digest } from '../../runtime/digest.ts';
import { isWord } from './words.ts';

/** Our table as `nft -j list table` prints it. */
export interface Listing {
  /** Of the whole listing; empty when there is no table. */
  readonly digest: string;
  readonly sets: readonly string[];
  readonly maps: readonly string[];
  readonly chains: readonly string[];
  /** Every name in it could be one of ours. The kernel takes any bytes for a name. */
  readonly isPlain: boolean;
}

export const NO_TABLE: Listing = { digest: '', sets: [], maps: [], chains: [], isPlain: true };

export function parseListing(text: string): Listing {
  const { nftables } = JSON.parse(text) as { readonly nftables: readonly Listed[] };
  const named = (kind: 'set' | 'map' | 'chain') => nftables.flatMap((each) => each[kind]?.name ?? []);
  const [sets, maps, chains] = [named('set'), named('map'), named('chain')];
  return { digest: digest(text), sets, maps, chains, isPlain: [...sets, ...maps, ...chains].every(isWord) };
}

/** The lowest generation from 1 of which no set is there. */
export function freeGeneration({ sets, maps }: Listing): number {
  const taken = new Set([...sets, ...maps].map((name) => Number(/_(\d+)$/.exec(name)?.[1] ?? 0)));
  let generation = 1;
  while (taken.has(generation)) generation += 1;
  return generation;
}

/** libnftables-json(5): objects with one key, the kind. */
type Listed = Readonly<Partial<Record<string, { readonly name?: string }>>>;
