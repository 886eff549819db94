import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rule } from './rule.ts';
import { toStructural } from './structural.ts';

const range = rule(z.object({ from: z.int(), to: z.int() }), {
  cel: 'self.from <= self.to',
  message: 'from must not exceed to',
  messageExpression: "'%d exceeds %d'.format([self.from, self.to])",
  fieldPath: '.from',
  check: ({ from, to }) => (from <= to ? undefined : `${from} exceeds ${to}`),
});

describe('a rule', () => {
  test('stands in the schema for the API server', () => {
    expect(toStructural(range)['x-kubernetes-validations']).toEqual([
      {
        rule: 'self.from <= self.to',
        message: 'from must not exceed to',
        messageExpression: "'%d exceeds %d'.format([self.from, self.to])",
        fieldPath: '.from',
      },
    ]);
  });

  test('is applied by zod, which blames the same field wherever the value stands, every time', () => {
    const ranges = z.array(range);
    for (let time = 0; time < 2; time += 1) {
      const result = ranges.safeParse([
        { from: 1, to: 2 },
        { from: 3, to: 2 },
      ]);
      expect(result.error?.issues).toMatchObject([{ message: '3 exceeds 2', path: [1, 'from'] }]);
    }
  });

  test('is added to those the schema has, and survives a description and optional()', () => {
    const both = rule(range, { cel: 'self.from > 0', message: 'from must be positive', check: () => undefined });
    const schema = toStructural(z.object({ range: both.optional().describe('A range.') }));
    expect(schema.properties?.['range']).toMatchObject({
      description: 'A range.',
      'x-kubernetes-validations': [{ rule: 'self.from <= self.to' }, { rule: 'self.from > 0' }],
    });
  });
});
