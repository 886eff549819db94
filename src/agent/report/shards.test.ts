import { describe, expect, it } from 'vitest';
import { Shards } from './shards.ts';

function filled(count: number): Shards {
  const shards = new Shards();
  for (let index = 0; index < count; index++) shards.place(`p${index}`);
  return shards;
}

describe('Shards', () => {
  it('fills one shard with 50 peers before it begins the next', () => {
    const shards = filled(51);
    expect([shards.count, shards.members(1).length, shards.members(2)]).toEqual([2, 50, ['p50']]);
  });

  it('leaves a peer where it is, and uses a freed place again', () => {
    const shards = filled(101);
    expect(shards.release('p7')).toBe(1);
    expect([shards.place('p60'), shards.place('new'), shards.place('newer')]).toEqual([2, 1, 3]);
  });

  it('goes on with the assignment of an earlier process, gaps included', () => {
    const shards = new Shards();
    shards.adopt(3, ['x']);
    expect([shards.count, shards.place('x'), shards.place('y')]).toEqual([3, 3, 1]);
  });

  it('keeps a peer that was stored twice in the first shard only', () => {
    const shards = new Shards();
    shards.adopt(1, ['x']);
    shards.adopt(2, ['x', 'y']);
    expect([shards.members(1), shards.members(2)]).toEqual([['x'], ['y']]);
  });
});
