import { expect, test } from 'vitest';
import { PeerwrightError } from '../runtime/error.ts';
import { fakeClock, fakeLog } from '../runtime/fake.ts';
import { pass, settle } from './fake.ts';
import { Queue } from './queue.ts';
import { type Again, type Outcome, type Reconcile, runWorkers } from './worker.ts';

function lab(reconcile: (key: string) => Promise<Again | void>, concurrency = 2) {
  const clock = fakeClock();
  const queue = new Queue({ clock, random: { unit: () => 0.999999 }, baseMs: 100, maxMs: 10_000 });
  const stop = new AbortController();
  const log = fakeLog();
  const outcomes: Outcome[] = [];
  const ended = runWorkers(
    { queue, concurrency, reconcile, log, onOutcome: (outcome) => outcomes.push(outcome) },
    stop.signal,
  );
  return { clock, queue, stop, lines: log.lines, outcomes, ended };
}

test('two workers never have the same key, and work on different keys at once', async () => {
  const inHand: string[] = [];
  let most = 0;
  const { queue, stop, ended, outcomes } = lab(async (key) => {
    expect(inHand).not.toContain(key);
    inHand.push(key);
    most = Math.max(most, inHand.length);
    await settle();
    queue.add(key === 'a' && outcomes.length < 3 ? 'a' : 'b');
    await settle();
    inHand.splice(inHand.indexOf(key), 1);
    if (outcomes.length > 6) stop.abort();
  });
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  await ended;
  expect(most).toBe(2);
});

test('an unforeseen error is logged, counted and tried again with backoff', async () => {
  let calls = 0;
  const { clock, queue, stop, ended, lines, outcomes } = lab(async () => {
    calls += 1;
    if (calls < 3) throw new Error(`failure ${calls}`);
  });
  queue.add('a');
  await pass(clock, 99);
  expect(calls).toBe(1);
  await pass(clock, 1000);
  expect(calls).toBe(3);
  expect(queue.failures('a')).toBe(0);
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error reconcile failed',
    'error reconcile failed',
  ]);
  expect(lines[0]?.fields).toMatchObject({ key: 'a', failures: 1, error: { message: 'failure 1' } });
  expect(outcomes.map(({ result }) => result)).toEqual(['error', 'error', 'ok']);
  stop.abort();
  await ended;
});

test('the error says when to try again, or that there is no use', async () => {
  const calls: string[] = [];
  const { clock, queue, stop, ended } = lab(async (key) => {
    calls.push(key);
    throw key === 'never'
      ? new PeerwrightError('StateFileUnsafe', 'no')
      : new PeerwrightError('ApiThrottled', 'no', { retry: { afterMs: 5_000 } });
  });
  queue.add('never');
  queue.add('later');
  await pass(clock, 4_999);
  expect(calls).toEqual(['never', 'later']);
  await pass(clock, 1);
  expect(calls).toEqual(['never', 'later', 'later']);
  stop.abort();
  await ended;
});

test('a reconcile may ask to look again', async () => {
  let calls = 0;
  const { clock, queue, stop, ended } = lab(async () => {
    calls += 1;
    return { againAfterMs: 60_000 };
  });
  queue.add('a');
  await pass(clock, 180_000);
  expect(calls).toBe(4);
  stop.abort();
  await ended;
});

test('stopping waits for the work in hand and takes no more', async () => {
  const done: string[] = [];
  let finish: () => void = () => undefined;
  const { queue, stop, ended, lines } = lab(async (key) => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    done.push(key);
    throw new Error('torn out');
  }, 1);
  queue.add('a');
  queue.add('b');
  await settle();
  stop.abort();
  finish();
  await ended;
  expect(done).toEqual(['a']);
  expect(lines).toEqual([]);
});

test('what is torn out of the hands of a leader that stops is worked on when it leads again', async () => {
  const queue = new Queue({ clock: fakeClock() });
  const lead = async (reconcile: Reconcile) => {
    const term = new AbortController();
    const ended = runWorkers({ queue, concurrency: 1, reconcile }, term.signal);
    await settle();
    term.abort(new Error('not leading any more'));
    await ended;
  };
  queue.add('a');
  await lead(
    (_key, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const done: string[] = [];
  await lead(async (key) => void done.push(key));
  expect(done).toEqual(['a']);
});
