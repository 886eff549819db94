import { afterAll, beforeAll, expect, test } from 'vitest';
import { EventWriter, type NewEvent } from '../../../src/kube/events.ts';
import { Heartbeat } from '../../../src/kube/heartbeat.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { LeaderElection } from '../../../src/kube/lease.ts';
import { events, leases } from '../../../src/kube/resources.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { fakeClock, fakeLog } from '../../../src/runtime/fake.ts';
import { type Api, configMaps, freeze, newNamespace, startApi, testSignal, until } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

/** A candidate that writes down when it leads. */
function candidate(namespace: string, identity: string, { client = api.client, clock = systemClock } = {}) {
  const stop = new AbortController();
  const election = new LeaderElection({ client, namespace, name: 'operator', identity, clock });
  const terms: string[] = [];
  const onStarted = async (signal: AbortSignal) => {
    terms.push('began');
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    terms.push('ended');
  };
  return { election, stop, terms, ended: election.run({ onStarted }, stop.signal) };
}

test('one of two leads; a clean stop hands over within 3 s', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const first = candidate(namespace, 'first');
  await until('first leads', () => first.election.leading, 5);
  const second = candidate(namespace, 'second');
  const writer = api.client.guarded(second.election.assertLeading);
  await expect(writer.create(configMaps, { metadata: { namespace, name: 'x' } }, { signal })).rejects.toMatchObject({
    code: 'NotLeading',
  });
  const { spec } = await api.client.get(leases, { namespace, name: 'operator' }, { signal });
  expect(spec).toMatchObject({ holderIdentity: 'first', leaseDurationSeconds: 15, leaseTransitions: 0 });

  first.stop.abort();
  await first.ended;
  expect(first.terms).toEqual(['began', 'ended']);
  const released = performance.now();
  await until('second leads', () => second.election.leading, 3);
  expect(performance.now() - released).toBeLessThan(3_000);
  second.stop.abort();
  await second.ended;
  const after = await api.client.get(leases, { namespace, name: 'operator' }, { signal });
  expect(after.spec).toMatchObject({ holderIdentity: '', leaseTransitions: 1 });
});

test('a leader that is cut off stops before another takes over, within 20 s', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const cut = new KubeClient({ connection: api.connection });
  const first = candidate(namespace, 'first', { client: cut });
  await until('first leads', () => first.election.leading, 5);
  const second = candidate(namespace, 'second');
  // Every later call of the first one fails, as behind a broken network.
  await cut.close();
  const start = performance.now();
  await until('first gave up', () => first.terms.includes('ended'), 12);
  expect(second.election.leading).toBe(false);
  await until('second leads', () => second.election.leading, 20);
  expect(performance.now() - start).toBeLessThan(20_000);
  expect(first.election.leading).toBe(false);
  for (const one of [first, second]) one.stop.abort();
  await Promise.all([first.ended, second.ended]);
});

test('who holds the Lease but was asleep past the deadline writes nothing more', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const clock = fakeClock(Date.now());
  const { election, stop, terms, ended } = candidate(namespace, 'sleepy', { clock });
  await until('it leads', () => terms.length === 1 && clock.sleepers() === 2, 5);
  const writer = api.client.guarded(election.assertLeading);
  await writer.create(configMaps, { metadata: { namespace, name: 'before' } }, { signal });
  clock.advance(10_001);
  await expect(writer.create(configMaps, { metadata: { namespace, name: 'after' } }, { signal })).rejects.toMatchObject(
    {
      code: 'NotLeading',
    },
  );
  await until('the work was told', () => terms.includes('ended'), 5);
  stop.abort();
  await ended;
});

test('a renewal that hangs does not prolong the term', async () => {
  const namespace = await newNamespace(api, testSignal());
  const clock = fakeClock(Date.now());
  const { election, stop, terms, ended } = candidate(namespace, 'hanging', { clock });
  await until('it leads', () => election.leading && clock.sleepers() === 2, 5);
  const wake = freeze(api);
  clock.advance(6_000);
  await until('it renews', () => clock.sleepers() === 1, 5);
  expect(election.leading).toBe(true);
  clock.advance(4_001);
  expect(election.leading).toBe(false);
  await until('the work was told', () => terms.includes('ended'), 5);
  wake();
  stop.abort();
  await ended;
});

test('a Lease that somebody else took is lost at the next renewal', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const clock = fakeClock(Date.now());
  const { election, stop, ended } = candidate(namespace, 'first', { clock });
  await until('it leads', () => election.leading && clock.sleepers() === 2, 5);
  const patch = { spec: { holderIdentity: 'thief' } };
  await api.client.mergePatch(leases, { namespace, name: 'operator' }, { signal, patch });
  clock.advance(6_000);
  await until('it stopped', () => !election.leading, 5);
  stop.abort();
  await ended;
  const { spec } = await api.client.get(leases, { namespace, name: 'operator' }, { signal });
  expect(spec?.holderIdentity).toBe('thief');
});

test('a heartbeat renews its Lease, also after somebody deleted it', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const ref = { namespace, name: 'peerwright-agent-n1' };
  const log = fakeLog();
  const options = { client: api.client, ...ref, identity: 'n1', clock: systemClock, log, intervalMs: 500 };
  const stop = new AbortController();
  const ended = new Heartbeat(options).run(stop.signal);
  const renewed = () =>
    api.client.get(leases, ref, { signal }).then(
      ({ spec }) => spec?.renewTime,
      () => undefined,
    );
  await until('it beats', async () => (await renewed()) !== undefined);
  const first = await renewed();
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  await until('it beats again', async () => (await renewed()) !== first);
  await api.client.delete(leases, ref, { signal });
  await until('it is back', async () => (await renewed()) !== undefined);
  stop.abort();
  await ended;
  expect(log.lines).toEqual([]);
});

const regarding = { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardPeer', name: 'branch-7', uid: 'u-1' };
const poolFull = (namespace: string): NewEvent => ({
  regarding: { ...regarding, namespace },
  type: 'Warning',
  reason: 'PoolExhausted',
  action: 'Allocate',
  note: 'No address is left in 10.90.0.0/24: add a pool.',
});

test('the same event within ten minutes is one object with a count', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const clock = fakeClock(Date.now());
  const names = { controller: 'peerwright.dev/operator', instance: 'operator-0' };
  const writer = new EventWriter({ client: api.client, clock, ...names });
  const seen = async () => {
    await writer.flush();
    const { items } = await api.client.list(events, { namespace, signal });
    return items.map(({ reason, series }) => `${reason} ${series?.count ?? 1}`).toSorted();
  };
  const event = poolFull(namespace);
  writer.emit(event);
  expect(await seen()).toEqual(['PoolExhausted 1']);
  for (let count = 0; count < 50; count += 1) writer.emit(event);
  expect(await seen()).toEqual(['PoolExhausted 2']);
  clock.advance(61_000);
  writer.emit(event);
  writer.emit({ ...event, reason: 'AddressInUse' });
  expect(await seen()).toEqual(['AddressInUse 1', 'PoolExhausted 52']);
  clock.advance(600_000);
  writer.emit(event);
  expect(await seen()).toEqual(['AddressInUse 1', 'PoolExhausted 1', 'PoolExhausted 52']);
  const { items } = await api.client.list(events, { namespace, signal });
  for (const { metadata, type } of items) {
    expect(metadata.name).toMatch(/^branch-7\.[0-9a-f]{16}$/);
    expect(type).toBe('Warning');
  }
});

test('an event that cannot be written is logged and counted, and fails nobody; a long note is cut', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const log = fakeLog();
  const dropped: string[] = [];
  const names = { controller: 'peerwright.dev/operator', instance: 'operator-0' };
  const onDropped = ({ reason }: NewEvent) => dropped.push(reason);
  const writer = new EventWriter({ client: api.client, clock: systemClock, log, onDropped, ...names });
  writer.emit(poolFull('no-such-namespace'));
  writer.emit({ ...poolFull(namespace), note: '€'.repeat(2_000) });
  await writer.flush();
  expect(dropped).toEqual(['PoolExhausted']);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { error: { code: 'ApiNotFound' } } }]);
  const { items } = await api.client.list(events, { namespace, signal });
  expect(items[0]?.note).toMatch(/^€+…$/);
});
