import type { Allocation } from '../../api/v1alpha1/address-block.ts';
import { BLOCK_SIZE, blockCidr } from '../blocks.ts';
import type { Problem } from '../problem.ts';

/** A block as it was read; `cidr` is left out when only the content is in question. */
export interface BlockToCheck {
  readonly name: string;
  readonly cidr?: string;
  readonly allocations: readonly Allocation[];
}

/** Whether a block can be trusted: it is what its name says, and no offset is outside it or there twice. */
export function checkBlock(block: BlockToCheck): Problem | undefined {
  const expected = blockCidr(block.name);
  if (expected === undefined) return corrupt(block, 'metadata.name', 'is not the name of a block');
  if (block.cidr !== undefined && block.cidr !== expected)
    return corrupt(block, 'spec.cidr', `is ${block.cidr} where its name means ${expected}`);
  const seen = new Set<number>();
  for (const [i, { offset }] of block.allocations.entries()) {
    const path = `spec.allocations[${i}].offset`;
    if (!Number.isInteger(offset) || offset < 0 || offset >= BLOCK_SIZE)
      return corrupt(block, path, `is ${offset}, not 0 to 255`);
    if (seen.has(offset)) return corrupt(block, path, `is ${offset} a second time`);
    seen.add(offset);
  }
  return undefined;
}

function corrupt({ name }: BlockToCheck, path: string, what: string): Problem {
  const message = `${path} of WireGuardAddressBlock ${name} ${what}; correct or restore it.`;
  return { code: 'BlockCorrupt', message, path };
}
