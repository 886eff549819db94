import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeClock } from '../runtime/fake.ts';
import { pass, settle } from './fake.ts';
import { Queue } from './queue.ts';

const open = new AbortController().signal;
const fixed = { unit: () => 1 - Number.EPSILON };

function queueAt() {
  const clock = fakeClock();
  return { queue: new Queue({ clock, random: fixed, baseMs: 100, maxMs: 1_000 }), clock };
}

test('keys come out in the order in which they came, each once', async () => {
  const { queue } = queueAt();
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  expect(queue.depth).toBe(3);
  expect([await queue.next(open), await queue.next(open), await queue.next(open)]).toEqual(['a', 'b', 'c']);
});

test('a key added while somebody has it waits until it is done, behind the others', async () => {
  const { queue } = queueAt();
  queue.add('a');
  const held = await queue.next(open);
  queue.add('a');
  queue.add('b');
  expect(await queue.next(open)).toBe('b');
  queue.done(held ?? '');
  expect(await queue.next(open)).toBe('a');
});

test('failures of one key double its wait, and only its own', async () => {
  const { queue } = queueAt();
  const waits = [1, 2, 3, 4, 5].map(() => Math.round(queue.retry('a')));
  expect(waits).toEqual([100, 200, 400, 800, 1000]);
  expect(Math.round(queue.retry('b'))).toBe(100);
  queue.forget('a');
  expect(Math.round(queue.retry('a'))).toBe(100);
});

test('a delayed key arrives at its time; of two delays the shorter counts', async () => {
  const { queue, clock } = queueAt();
  queue.addAfter('a', 500);
  queue.addAfter('a', 300);
  queue.addAfter('a', 900);
  await pass(clock, 299);
  expect([queue.depth, queue.delayed]).toEqual([0, 1]);
  await pass(clock, 1);
  expect([queue.depth, queue.delayed]).toEqual([1, 0]);
});

test('closing cancels delays, so that no timer is left', async () => {
  const { queue, clock } = queueAt();
  queue.addAfter('a', 500);
  queue.close();
  await settle();
  expect(clock.sleepers()).toBe(0);
  await pass(clock, 1000);
  expect(queue.depth).toBe(0);
});

test('waiting for a key ends with the signal', async () => {
  const { queue } = queueAt();
  const stop = new AbortController();
  const next = queue.next(stop.signal);
  stop.abort();
  expect(await next).toBeUndefined();
});

test('whatever is added and done, no key is ever in two hands and none is lost', async () => {
  const step = fc.record({ do: fc.constantFrom('add', 'take', 'done'), key: fc.constantFrom('a', 'b', 'c') });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue } = queueAt();
      const held = new Set<string>();
      const owed = new Set<string>();
      const twice: string[] = [];
      for (const { do: action, key } of steps) {
        if (action === 'add') {
          queue.add(key);
          owed.add(key);
        } else if (action === 'done') {
          if (held.delete(key)) queue.done(key);
        } else {
          const stop = new AbortController();
          const next = queue.next(stop.signal);
          stop.abort();
          const taken = await next;
          if (taken === undefined) continue;
          if (held.has(taken)) twice.push(taken);
          held.add(taken);
          owed.delete(taken);
        }
      }
      for (const key of held) queue.done(key);
      expect([queue.depth, twice]).toEqual([owed.size, []]);
    }),
  );
});
