import { expect, it } from 'vitest';
import { hash32 } from './hash.ts';

it('gives the same 32 bits for the same text', () => {
  expect(hash32('net/branch-7')).toBe(hash32(['net', 'branch-7'].join('/')));
  expect(hash32('')).toBeGreaterThanOrEqual(0);
});

it('spreads consecutive names over the offsets of a block', () => {
  const perOffset = new Map<number, number>();
  for (let i = 0; i < 25_600; i++) {
    const offset = hash32(`net/peer-${i}`) % 256;
    perOffset.set(offset, (perOffset.get(offset) ?? 0) + 1);
  }
  expect(perOffset.size).toBe(256);
  expect(Math.max(...perOffset.values())).toBeLessThan(160);
  expect(Math.min(...perOffset.values())).toBeGreaterThan(50);
});
