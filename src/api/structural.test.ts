import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toStructural } from './structural.ts';
import { KINDS } from './v1alpha1/index.ts';

const atomic = { 'x-kubernetes-list-type': 'atomic' };
const text = () => z.string().max(10);

interface Tree {
  child?: Tree | undefined;
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ child: tree.optional() }));

describe('a structural schema', () => {
  test('keeps types, bounds, defaults, descriptions and extensions, and nothing that zod adds', () => {
    const schema = z.object({
      name: text().describe('A name.'),
      count: z.int(),
      port: z.int().min(1).max(65535).optional(),
      state: z.enum(['On', 'Off']).default('On'),
      list: z.array(text()).max(3).meta(atomic).optional(),
      labels: z.record(z.string(), text()).meta({ maxProperties: 2 }).optional(),
    });
    expect(toStructural(schema)).toEqual({
      type: 'object',
      required: ['name', 'count'],
      properties: {
        name: { type: 'string', maxLength: 10, description: 'A name.' },
        count: { type: 'integer' },
        port: { type: 'integer', minimum: 1, maximum: 65535 },
        state: { type: 'string', enum: ['On', 'Off'], default: 'On' },
        list: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 10 }, ...atomic },
        labels: { type: 'object', maxProperties: 2, additionalProperties: { type: 'string', maxLength: 10 } },
      },
    });
  });

  test.each([
    ['a string without a bound', z.string(), 'spec.at: it has no maxLength; add .max(n)'],
    ['a list without a bound', z.array(text()).meta(atomic), 'spec.at: it has no maxItems; add .max(n)'],
    ['a list without a type', z.array(text()).max(2), 'spec.at: it has no x-kubernetes-list-type'],
    ['a map without a bound', z.record(z.string(), text()), 'spec.at: it has no maxProperties'],
    ['a string in a list without a bound', z.array(z.string()).max(2).meta(atomic), 'spec.at[]: it has no maxLength'],
    ['a string in a map without a bound', z.record(z.string(), z.string()).meta({ maxProperties: 1 }), 'spec.at{}:'],
    ['a union', z.union([text(), z.int()]), 'spec.at: it has anyOf; use optional fields and one rule()'],
    ['a strict object', z.strictObject({}), 'spec.at: it forbids unknown fields; use z.object()'],
    ['anything', z.any(), 'spec.at: it has no type'],
    ['a pattern that looks ahead', text().regex(/^(?!x)/), 'spec.at: its pattern ^(?!x) looks around'],
    ['a pattern with flags', text().regex(/^x$/i), 'spec.at: it has pattern flags; write the pattern without flags'],
  ])('cannot be made of %s', (_, schema, message) => {
    expect(() => toStructural(z.object({ at: schema }))).toThrow(message);
  });

  test('cannot be made of a schema that contains itself', () => {
    expect(() => toStructural(tree)).toThrow(/[Cc]ycle/);
  });

  test.each(KINDS)('of $kind describes every field', (kind) => {
    const parts = [kind.spec, ...(kind.status === undefined ? [] : [kind.status])];
    expect(parts.flatMap((part) => undescribed(toStructural(part), ''))).toEqual([]);
  });
});

function undescribed(schema: ReturnType<typeof toStructural>, path: string): string[] {
  const own = schema.description === undefined && !path.endsWith('[]') ? [path] : [];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    undescribed(child, `${path}.${name}`),
  );
  return [...own, ...fields, ...(schema.items === undefined ? [] : undescribed(schema.items, `${path}[]`))];
}
