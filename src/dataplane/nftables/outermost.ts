import { contains, sortPrefixes } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';

/** The prefixes that no other one contains, sorted: nft refuses elements of a set that contain each other. */
export function outermost(prefixes: readonly Prefix[]): Prefix[] {
  const kept: Prefix[] = [];
  for (const prefix of sortPrefixes(new Set(prefixes))) {
    // Sorted wider before narrower, and prefixes never half overlap: only the last one can contain this one.
    const last = kept.at(-1);
    if (last === undefined || !contains(last, prefix)) kept.push(prefix);
  }
  return kept;
}
