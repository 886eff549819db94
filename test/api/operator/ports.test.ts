import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WireGuardGateway } from '../../../src/api/v1alpha1/index.ts';
import type { SimulatedAgent } from '../../support/simulated-agent.ts';
import { condition, isReady, OperatorLab, type Ref, until } from './lab.ts';

/** What the issue allows from the change to the answer. */
const BOUND_S = 2;
const FIRST = 52_000;
const LAST = 52_003;

let lab: OperatorLab;
let agent: SimulatedAgent;
let namespace: string;
let made = 0;

beforeAll(async () => {
  lab = await OperatorLab.start();
  await lab.operator(['--first-port', String(FIRST), '--last-port', String(LAST)]);
  agent = await lab.node('n1');
  // keys can go to the node from now on
  namespace = await lab.namespace();
  const first = await gateway('first', { listenPort: 4499 });
  await until('a gateway can be placed', async () => isReady(await get(first)));
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

beforeEach(async () => {
  for (const { metadata } of await lab.list(WireGuardGateway, namespace))
    await lab.delete(WireGuardGateway, { namespace, name: metadata.name });
  agent.foreignPorts.clear();
  namespace = await lab.namespace();
});

async function gateway(name: string, spec: { listenPort?: number } = {}): Promise<Ref> {
  made += 1;
  const ref = { namespace, name };
  await lab.gateway(ref, { pools: [{ cidr: `10.80.${made}.0/24` }], ...spec });
  return ref;
}

const get = (ref: Ref) => lab.get(WireGuardGateway, ref);

function onPort(ref: Ref, port: number): Promise<WireGuardGateway> {
  return until(`${ref.name} is ready on ${port}`, async () => {
    const found = await get(ref);
    return isReady(found) && found.status?.listenPort === port && found;
  });
}

async function stalled(ref: Ref, reason: string): Promise<string> {
  const found = await until(
    `${ref.name} is Stalled with ${reason}`,
    async () => {
      const object = await get(ref);
      return condition(object, 'Stalled')?.reason === reason && object;
    },
    BOUND_S,
  );
  return condition(found, 'Stalled')?.message ?? '';
}

/** Another program on the node takes ports, or gives them back. */
async function taken(...ports: number[]): Promise<void> {
  agent.foreignPorts.clear();
  for (const port of ports) agent.foreignPorts.add(port);
  await agent.report();
}

test('a gateway that asks for no port gets another one when its is taken, and is never Stalled', async () => {
  await taken(FIRST, FIRST + 1);
  const over = new AbortController();
  const stalls: string[] = [];
  const ref = await gateway('dynamic');
  const watching = (async () => {
    while (!over.signal.aborted) {
      const found = await get(ref);
      const reason = condition(found, 'Stalled')?.reason;
      if (reason) stalls.push(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const ready = await onPort(ref, FIRST + 2);
  over.abort();
  await watching;
  expect(stalls).toEqual([]);
  expect(ready.status?.endpoint).toBe(`192.0.2.10:${FIRST + 2}`);
  const second = await gateway('second');
  await onPort(second, FIRST + 3);
});

test('every port of the range taken is said with the range, and goes when one is free', async () => {
  await taken(FIRST, FIRST + 1, FIRST + 2, FIRST + 3);
  const ref = await gateway('dynamic');
  const found = await until(
    'the search has come to its end',
    async () => {
      const object = await get(ref);
      return condition(object, 'Stalled') && object;
    },
    10,
  );
  expect(condition(found, 'Stalled')).toMatchObject({
    reason: 'NoEligibleNode',
    message: expect.stringContaining(`every port from ${FIRST} to ${LAST} is taken on its node`),
  });
  await taken();
  const free = await until('it is ready', async () => {
    const object = await get(ref);
    return isReady(object) && object;
  });
  expect(condition(free, 'Stalled')).toBeUndefined();
});

test('ListenPortConflict stops a gateway with a port of its own, until it is free or another is asked for', async () => {
  await taken(4500);
  const ref = await gateway('fixed', { listenPort: 4500 });
  expect(await stalled(ref, 'ListenPortConflict')).toContain('4500');
  await taken();
  await onPort(ref, 4500);
  await taken(4501);
  await lab.patch(WireGuardGateway, ref, { spec: { listenPort: 4501 } });
  await stalled(ref, 'ListenPortConflict');
  await lab.patch(WireGuardGateway, ref, { spec: { listenPort: 4502 } });
  await onPort(ref, 4502);
  await lab.patch(WireGuardGateway, ref, { spec: { listenPort: 4501 } });
  await stalled(ref, 'ListenPortConflict');
  await lab.patch(WireGuardGateway, ref, { spec: { listenPort: null } });
  await onPort(ref, FIRST);
});
