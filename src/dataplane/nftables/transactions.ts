import type { Listing } from './listing.ts';
import type { RenderedTable } from './render.ts';
import { TABLE } from './words.ts';

/**
 * The texts for `nft -f -`, each carried out wholly or not at all.
 *
 * A table that is deleted and made again in one transaction has two short gaps: for a packet between two hooks both the
 * old and the new chain can be empty, and a set of concatenated intervals shows its elements only some time after the
 * rules that look into it (nft_set_pipapo.c): 1 to 10 in 100,000 allowed packets were lost at 200 replacements.
 * So sets are made first and never changed, and then the rules of all chains go over to them at one instant.
 */
export function prepareSets({ sets }: RenderedTable): string {
  return `table ${TABLE} {${sets}}\n`;
}

/** After `prepareSets`. Also removes every set and chain that was `present`, in plain names, and is not of the new table. */
export function switchRules(table: RenderedTable, present: Listing): string {
  const removed = [
    ...present.maps.map((name) => `delete map ${TABLE} ${name}\n`),
    ...present.sets.map((name) => `delete set ${TABLE} ${name}\n`),
    ...present.chains
      .filter((name) => !table.chains.includes(`chain ${name} {`))
      .map((name) => `delete chain ${TABLE} ${name}\n`),
  ];
  return `flush table ${TABLE}\ntable ${TABLE} {${table.chains}}\n${removed.join('')}`;
}

/** The whole table anew, whatever is there; `add` before `delete` makes it work whether or not there is one. */
export function replaceTable({ sets, chains }: RenderedTable): string {
  return `${removeTable()}table ${TABLE} {${sets}${chains}}\n`;
}

export function removeTable(): string {
  return `add table ${TABLE}\ndelete table ${TABLE}\n`;
}
