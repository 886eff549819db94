import { expect, test } from 'vitest';
import { settle } from '../kube/fake.ts';
import type { Problem } from '../mesh/problem.ts';
import { fakeClock } from '../runtime/fake.ts';
import { KeyDeliveryGate } from './key-delivery.ts';

const missing: Problem = { code: 'KeyDeliveryUnsafe', message: 'is missing' };

function gate() {
  const clock = fakeClock();
  const world = { problems: [] as Problem[], changes: [] as string[] };
  const made: KeyDeliveryGate = new KeyDeliveryGate({
    clock,
    settleMs: 5_000,
    check: () => world.problems,
    onChange: () => world.changes.push(made.state.kind),
  });
  const { signal } = new AbortController();
  const recheck = () => void made.recheck(signal);
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
    return made.state.kind;
  };
  return { made, world, recheck, pass };
}

test('nothing is delivered before the policies were in force for the settle time', async () => {
  const { made, recheck, pass, world } = gate();
  expect(made.state.kind).toBe('Settling');
  recheck();
  expect(await pass(4_999)).toBe('Settling');
  expect(await pass(1)).toBe('InForce');
  expect(world.changes).toEqual(['Settling', 'InForce']);
});

test('each change starts the settle time anew', async () => {
  const { recheck, pass } = gate();
  recheck();
  await pass(4_000);
  recheck();
  expect(await pass(4_999)).toBe('Settling');
  expect(await pass(1)).toBe('InForce');
});

test('a weaker policy is unsafe at once, with the reason, also while settling', async () => {
  const { made, recheck, pass, world } = gate();
  recheck();
  await pass(4_000);
  world.problems = [missing];
  recheck();
  expect(made.state).toEqual({ kind: 'Unsafe', problems: [missing] });
  expect(await pass(60_000)).toBe('Unsafe');
  world.problems = [];
  recheck();
  expect(await pass(4_999)).toBe('Settling');
  expect(await pass(1)).toBe('InForce');
});
