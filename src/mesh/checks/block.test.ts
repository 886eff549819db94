import { expect, it } from 'vitest';
import { checkBlock } from './block.ts';

const at = (offset: number) => ({
  offset,
  gateway: { namespace: 'net', name: 'edge' },
  peer: { namespace: 'net', name: 'a', uid: 'a' },
});

it('trusts a block that is what its name says', () => {
  expect(checkBlock({ name: 'v4-0a000000', cidr: '10.0.0.0/24', allocations: [at(255), at(0)] })).toBeUndefined();
});

it.each([
  [{ name: 'block', allocations: [] }, 'metadata.name'],
  [{ name: 'v4-0a000000', cidr: '10.0.1.0/24', allocations: [] }, 'spec.cidr'],
  [{ name: 'v4-0a000000', allocations: [at(1), at(256)] }, 'spec.allocations[1].offset'],
  [{ name: 'v4-0a000000', allocations: [at(-1)] }, 'spec.allocations[0].offset'],
  [{ name: 'v4-0a000000', allocations: [at(0.5)] }, 'spec.allocations[0].offset'],
  [{ name: 'v4-0a000000', allocations: [at(1), at(2), at(1)] }, 'spec.allocations[2].offset'],
])('names what is wrong with a block', (block, path) => {
  const problem = checkBlock(block);
  expect(problem).toMatchObject({ code: 'BlockCorrupt', path });
  expect(problem?.message).toContain(block.name);
});
