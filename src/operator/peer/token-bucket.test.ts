import { expect, it } from 'vitest';
import { settle } from '../../kube/fake.ts';
import { fakeClock } from '../../runtime/fake.ts';
import { TokenBucket } from './token-bucket.ts';

const { signal } = new AbortController();

/** Takes ten tokens at once; how many were given after each of the given times. */
async function given(options: { burst?: number }, steps: readonly number[]): Promise<number[]> {
  const clock = fakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 4, ...options });
  let tokens = 0;
  for (let index = 0; index < 10; index++) void bucket.take(signal).then(() => (tokens += 1));
  const counts: number[] = [];
  for (const ms of steps) {
    clock.advance(ms);
    await settle();
    counts.push(tokens);
  }
  return counts;
}

it('gives one token at once, and the next when its time has come', async () => {
  expect(await given({}, [0, 249, 1, 250, 10_000])).toEqual([1, 1, 2, 3, 10]);
});

it('gives as many at once as may gather', async () => {
  expect(await given({ burst: 3 }, [0, 250, 750])).toEqual([3, 4, 7]);
});

it('gathers no more than that while nobody takes any', async () => {
  const clock = fakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 4 });
  await bucket.take(signal);
  clock.advance(60_000);
  await bucket.take(signal);
  let isGiven = false;
  void bucket.take(signal).then(() => (isGiven = true));
  await settle();
  expect(isGiven).toBe(false);
});

it('keeps nobody who has given up', async () => {
  const clock = fakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 1 });
  await bucket.take(signal);
  const life = new AbortController();
  const waiting = bucket.take(life.signal);
  life.abort();
  await waiting;
  expect(clock.sleepers()).toBe(0);
});
