import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitmap } from './bitmap.ts';

function bitmapOf(size: number, taken: Iterable<number>): Bitmap {
  const bitmap = new Bitmap(size);
  for (const bit of taken) bitmap.set(bit);
  return bitmap;
}

const shape = fc.integer({ min: 1, max: 100 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    from: fc.integer({ min: 0, max: size - 1 }),
    taken: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { maxLength: size }),
    masked: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { maxLength: size }),
  }),
);

describe('Bitmap', () => {
  it('finds the next clear bit as a scan of a list would', () => {
    fc.assert(
      fc.property(shape, ({ size, from, taken, masked }) => {
        const order = Array.from({ length: size }, (_, i) => (from + i) % size);
        const wanted = order.find((bit) => !taken.includes(bit) && !masked.includes(bit)) ?? -1;
        expect(bitmapOf(size, taken).nextFree(from, bitmapOf(size, masked))).toBe(wanted);
      }),
      { numRuns: 500 },
    );
  });

  it('gives every bit once and then none', () => {
    const bitmap = new Bitmap(256);
    const given = new Set<number>();
    for (let bit = bitmap.nextFree(77); bit >= 0; bit = bitmap.nextFree(77)) {
      bitmap.set(bit);
      given.add(bit);
    }
    expect(given.size).toBe(256);
  });

  it('forgets a bit that is cleared and no other', () => {
    const bitmap = bitmapOf(
      40,
      Array.from({ length: 40 }, (_, i) => i),
    );
    bitmap.clear(31);
    expect(bitmap.has(31)).toBe(false);
    expect(bitmap.has(30)).toBe(true);
    expect(bitmap.has(32)).toBe(true);
    expect(bitmap.nextFree(32)).toBe(31);
  });

  it('refuses bits it does not have', () => {
    expect(() => new Bitmap(8).set(8)).toThrow(RangeError);
    expect(() => new Bitmap(8).nextFree(-1)).toThrow(RangeError);
  });
});
