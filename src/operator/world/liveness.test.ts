import { expect, onTestFinished, test } from 'vitest';
import { pass } from '../../kube/fake.ts';
import { fakeClock } from '../../runtime/fake.ts';
import { AgentLiveness } from './liveness.ts';

function scene(nodeNames: readonly string[] = []) {
  const clock = fakeClock();
  const changes: string[] = [];
  const liveness: AgentLiveness = new AgentLiveness({
    clock,
    nodeNames: () => nodeNames,
    onChange: (node) => changes.push(`${node} ${liveness.state(node)}`),
  });
  const over = new AbortController();
  onTestFinished(() => over.abort());
  let renewals = 0;
  return {
    liveness,
    changes,
    clock,
    start: () => void liveness.run(over.signal),
    renew: (node = 'n1') => liveness.observe(node, `time ${(renewals += 1)}`),
    wait: (ms: number) => pass(clock, ms),
  };
}

test('an agent is alive for 40 s after its Lease was seen to change, and again with the next change', async () => {
  const { liveness, changes, start, renew, wait } = scene();
  start();
  renew();
  await wait(40_000);
  expect(liveness.state('n1')).toBe('Alive');
  await wait(1_100);
  expect(changes).toEqual(['n1 Alive', 'n1 Lapsed']);
  renew();
  expect(changes.at(-1)).toBe('n1 Alive');
});

test('a Lease that is only there is no sign of life, and no lapse is concluded before 40 s of watching', async () => {
  const { liveness, start, renew, wait } = scene();
  renew();
  start();
  await wait(39_900);
  expect(liveness.state('n1')).toBe('Unseen');
  await wait(2_000);
  expect(liveness.state('n1')).toBe('Lapsed');
});

test('the same Lease seen again is no sign of life', async () => {
  const { liveness, start, wait } = scene();
  liveness.observe('n1', 'same');
  start();
  await wait(41_000);
  liveness.observe('n1', 'same');
  expect(liveness.state('n1')).toBe('Lapsed');
});

test('a node whose agent has no Lease at all lapses too, and that is told', async () => {
  const { changes, start, wait } = scene(['n2']);
  start();
  await wait(41_100);
  expect(changes).toEqual(['n2 Unseen', 'n2 Lapsed']);
});

test('time in which this process stood still is not held against the agents', async () => {
  const { liveness, clock, start, renew, wait } = scene();
  start();
  renew();
  await wait(10_000);
  clock.advance(300_000);
  await wait(1_000);
  expect(liveness.state('n1')).toBe('Alive');
  await wait(31_000);
  expect(liveness.state('n1')).toBe('Lapsed');
});

test('while the API server is away no agent lapses, and the first one seen again is not the only one alive', async () => {
  const { liveness, start, renew, wait } = scene();
  start();
  renew();
  await wait(9_000);
  for (let failed = 0; failed < 60; failed++) {
    liveness.interrupted();
    await wait(10_000);
  }
  expect(liveness.state('n1')).toBe('Alive');
  await wait(5_000);
  liveness.observe('n2', 'first again');
  await wait(20_000);
  expect(liveness.state('n1')).toBe('Alive');
  await wait(30_000);
  expect(liveness.state('n1')).toBe('Lapsed');
});
