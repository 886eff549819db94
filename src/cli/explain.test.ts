import { expect, test } from 'vitest';
import { REASONS } from '../api/reasons.ts';
import { explain } from './explain.ts';
import { nearest } from './nearest.ts';
import { recorded } from './terminal.testing.ts';

test.each(['PoolExhausted', 'poolexhausted'])('%s is explained with its remedy', async (name) => {
  const { terminal, printed } = recorded();
  expect(await explain(name, { terminal })).toBe(0);
  const { meaning, remedy } = REASONS.PoolExhausted;
  expect(printed.stdout).toBe(`PoolExhausted\n  ${meaning}\nWhat to do\n  ${remedy}\n`);
});

test('without a name, every reason is listed', async () => {
  const { terminal, printed } = recorded();
  await explain(undefined, { terminal });
  expect(printed.stdout.split('\n').length).toBe(Object.keys(REASONS).length + 2);
  for (const name of Object.keys(REASONS)) expect(printed.stdout).toMatch(new RegExp(`^${name} +[A-Z].+`, 'm'));
});

test.each([
  ['PoolOverlapp', 'did you mean PoolOverlap?'],
  ['xyzzy', 'explain without a name lists all'],
  ['constructor', 'explain without a name lists all'],
])('%s is none, and wrong usage', async (name, hint) => {
  const { terminal } = recorded();
  await expect(explain(name, { terminal })).rejects.toMatchObject({ exitCode: 2, hint: expect.stringContaining(hint) });
});

test('what is like a name is found by a typo or a part, the best first', () => {
  const names = ['RouteOverlap', 'PoolOverlap', 'RouteConflict', 'Idle'];
  expect(nearest('RuoteOverlap', names)).toEqual(['RouteOverlap']);
  expect(nearest('conflict', names)).toEqual(['RouteConflict']);
  expect(nearest('idel', names)).toEqual(['Idle']);
});
