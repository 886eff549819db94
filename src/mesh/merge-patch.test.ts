import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePatch, sameJson } from './merge-patch.ts';

/** As the API server does it (RFC 7396, 2). */
function apply(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string(),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie('record'),
  ),
  record: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('json'), { maxKeys: 4, noNullPrototype: true }),
}));
const record = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json, { maxKeys: 4, noNullPrototype: true });

describe('mergePatch', () => {
  it('turns the one into the other', () => {
    fc.assert(
      fc.property(record, record, (before, after) => {
        expect(apply(before, mergePatch(before, after) ?? {})).toEqual(after);
      }),
    );
  });

  it('is nothing exactly when nothing differs', () => {
    fc.assert(
      fc.property(record, record, (before, after) => {
        expect(mergePatch(before, structuredClone(before))).toBeUndefined();
        expect(mergePatch(before, after) === undefined).toBe(sameJson(before, after));
      }),
    );
  });

  it('holds only what differs, lists as a whole, and null for what went', () => {
    const before = { same: { deep: [1, 2] }, list: [{ a: 1 }], gone: 1, nested: { keep: 1, drop: 2 } };
    const after = { same: { deep: [1, 2] }, list: [{ a: 2 }], nested: { keep: 1 } };
    expect(mergePatch(before, after)).toEqual({ list: [{ a: 2 }], gone: null, nested: { drop: null } });
  });

  it('takes undefined members for absent ones', () => {
    expect(mergePatch({ a: 1 }, { a: 1, b: undefined })).toBeUndefined();
    expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect([sameJson([1], { 0: 1 }), sameJson(null, {}), sameJson([1, 2], [2, 1])]).toEqual([false, false, false]);
  });
});
