import { expect, test } from 'vitest';
import { settle } from './fake.ts';
import { OwnWrites } from './own-writes.ts';
import { type Projected, Store } from './store.ts';

const item = (resourceVersion: string): Projected => ({ namespace: 'net', name: 'a', uid: 'u', resourceVersion });

async function state(promise: Promise<void>): Promise<string> {
  let now = 'waiting';
  promise.then(
    () => (now = 'settled'),
    (error: unknown) => (now = String(error)),
  );
  await settle();
  return now;
}

test('a key is settled when the store shows what was last written for it', async () => {
  const store = new Store<Projected>();
  const writes = new OwnWrites();
  const signal = new AbortController().signal;
  expect(await state(writes.settled('net/a', store, signal))).toBe('settled');
  writes.wrote('net/a', '12');
  writes.wrote('net/a', '11');
  const settled = writes.settled('net/a', store, signal);
  store.apply(item('11'));
  expect(await state(settled)).toBe('waiting');
  store.apply(item('12'));
  expect(await state(settled)).toBe('settled');
  expect(await state(writes.settled('net/b', store, signal))).toBe('settled');
});

test('an object deleted after the write is settled once the watch has passed the write', async () => {
  const store = new Store<Projected>();
  const writes = new OwnWrites();
  writes.wrote('net/a', '12');
  const settled = writes.settled('net/a', store, new AbortController().signal);
  expect(await state(settled)).toBe('waiting');
  store.advance('13');
  expect(await state(settled)).toBe('settled');
});

test('waiting ends with the signal', async () => {
  const stop = new AbortController();
  const writes = new OwnWrites();
  writes.wrote('net/a', '12');
  const settled = writes.settled('net/a', new Store<Projected>(), stop.signal);
  stop.abort(new Error('stopping'));
  await expect(settled).rejects.toThrow('stopping');
});
