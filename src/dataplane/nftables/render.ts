import type { DeviceRules, FirewallRules } from '../port.ts';
import { chains } from './chains.ts';
import { setsOf } from './sets.ts';
import type { NftSet } from './sets.ts';

/** What stands in the braces of our table. */
export interface RenderedTable {
  readonly sets: string;
  readonly chains: string;
}

/**
 * The table for these rules. Chains and rules are always the same; devices, prefixes and peers only add elements to sets.
 * The names of sets end in the generation, so that those of two generations can be there side by side.
 * Throws for a name or a prefix that could be anything but one word of nft.
 */
export function renderTable({ devices }: FirewallRules, generation: number): RenderedTable {
  const sets = setsOf(devices.toSorted(byName)).map((set) => setText(set, generation));
  return { sets: `\n${sets.join('')}`, chains: chains((name) => `@${name}_${generation}`) };
}

function setText({ name, kind, type, elements }: NftSet, generation: number): string {
  const list = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} }`;
  return `  ${kind} ${name}_${generation} { ${type};${list} }\n`;
}

function byName(a: DeviceRules, b: DeviceRules): number {
  return a.name < b.name ? -1 : 1;
}
