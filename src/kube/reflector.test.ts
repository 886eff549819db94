import { expect, test } from 'vitest';
import { fakeClock, fakeLog } from '../runtime/fake.ts';
import { KubeError, KubeErrorCode } from './errors.ts';
import { type Answer, pass, scriptedSource, settle } from './fake.ts';
import type { KubeObject } from './object.ts';
import { Reflector } from './reflector.ts';
import { resource } from './object.ts';
import { errorOf } from './status.ts';
import { type Projected, Store } from './store.ts';

interface Peer extends KubeObject {
  spec?: { key?: string };
}

const peers = resource<Peer>({ group: 'example.org', version: 'v1', plural: 'peers', kind: 'Peer', namespaced: true });

const peer = (name: string, resourceVersion: number, changes: { uid?: string; key?: string } = {}): Peer => ({
  metadata: { namespace: 'net', name, uid: changes.uid ?? `uid-${name}`, resourceVersion: String(resourceVersion) },
  spec: { key: changes.key ?? 'k' },
});

const line = (type: string, object: object) => ({ type, object });
const added = (name: string, version: number, changes = {}) => line('ADDED', peer(name, version, changes));
const bookmark = (version: number) => line('BOOKMARK', { metadata: { resourceVersion: String(version) } });
const initialEnd = (version: number) =>
  line('BOOKMARK', {
    metadata: { resourceVersion: String(version), annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
const refused = (status: number) => errorOf({ what: 'watch peers', status, body: undefined, secret: false });
const reset = () =>
  new KubeError({ code: KubeErrorCode.unreachable, message: 'reset', status: 0, reason: 'ECONNRESET' });

type View = Projected & { readonly key: string };

/** A peer whose key is `corrupt` cannot be understood. */
function project({ metadata: { namespace = '', name, uid = '', resourceVersion = '' }, spec }: Peer): View {
  if (spec?.key === 'corrupt') throw new TypeError('corrupt');
  return { namespace, name, uid, resourceVersion, key: spec?.key ?? '' };
}

async function reflecting(answers: readonly Answer[], options: { readonly streaming?: boolean } = {}) {
  const clock = fakeClock();
  const log = fakeLog();
  const client = scriptedSource(answers);
  const store = new Store<View>();
  const stop = new AbortController();
  const errors: unknown[] = [];
  const invalid: string[] = [];
  const seen: string[] = [];
  store.subscribe(({ type, object }) => seen.push(`${type} ${object.name}`));
  const reflector = new Reflector({
    client,
    resource: peers,
    project,
    store,
    clock,
    log,
    random: { unit: () => 0 },
    onError: (error) => errors.push(error),
    onInvalid: ({ name }) => invalid.push(name),
    ...options,
  });
  const ended = reflector.run(stop.signal);
  await settle();
  return { clock, log, client, store, stop, errors, invalid, seen, ended };
}

const names = (store: Store<View>) => store.list().map(({ name }) => name);

test('a streaming list fills the store, and goes on as a watch', async () => {
  const { store, client, seen } = await reflecting([
    {
      lines: [added('a', 5), added('b', 6), initialEnd(9), added('c', 10), line('DELETED', peer('a', 11))],
      after: 'hang',
    },
  ]);
  expect(names(store)).toEqual(['b', 'c']);
  expect([store.synced, store.resourceVersion]).toEqual([true, '11']);
  expect(seen).toEqual(['Added a', 'Added b', 'Added c', 'Deleted a']);
  expect(client.asked).toEqual([
    { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true, timeoutSeconds: 30 },
  ]);
});

test('what changes before the end of a streaming list is not missed', async () => {
  const { clock, store } = await reflecting([
    {
      lines: [added('a', 5), added('b', 6), initialEnd(9), line('ERROR', { code: 410, reason: 'Expired' })],
      after: 'end',
    },
    {
      lines: [
        added('a', 5),
        added('b', 6),
        added('c', 8),
        line('MODIFIED', peer('a', 12, { key: 'new' })),
        line('DELETED', peer('b', 13)),
        line('DELETED', peer('c', 14)),
        initialEnd(20),
      ],
      after: 'hang',
    },
  ]);
  await pass(clock, 1_000);
  expect(store.list().map(({ name, key }) => `${name} ${key}`)).toEqual(['a new']);
  expect(store.resourceVersion).toBe('20');
});

test('a server that does not stream lists is asked page by page, at once', async () => {
  const { store, client, errors } = await reflecting([
    { refuse: refused(422) },
    {
      pages: [
        { items: [peer('a', 5)], resourceVersion: '9' },
        { items: [peer('b', 6)], resourceVersion: '9' },
      ],
    },
    { lines: [added('c', 10)], after: 'hang' },
  ]);
  expect(names(store)).toEqual(['a', 'b', 'c']);
  expect(errors).toEqual([]);
  expect(client.asked[2]).toMatchObject({ resourceVersion: '9' });
});

test('a watch that ends is opened again from the last bookmark', async () => {
  const { client, clock, errors } = await reflecting([
    { lines: [initialEnd(9), bookmark(40)], after: 'end' },
    { lines: [], after: 'hang' },
  ]);
  await pass(clock, 100);
  expect(errors).toEqual([]);
  expect(client.asked[1]).toMatchObject({ resourceVersion: '40' });
});

test('when the version is too old, the list tells what vanished in between', async () => {
  const gone = { kind: 'Status', code: 410, reason: 'Expired' };
  const { clock, store, seen } = await reflecting([
    { lines: [added('a', 5), added('b', 6), initialEnd(9), line('ERROR', gone)], after: 'end' },
    { lines: [added('b', 6), added('c', 20), initialEnd(30)], after: 'hang' },
  ]);
  await pass(clock, 1_000);
  expect(names(store)).toEqual(['b', 'c']);
  expect(seen).toEqual(['Added a', 'Added b', 'Added c', 'Deleted a']);
});

test.each([403, 404, 500, 410])('a list answered with %d removes nothing', async (status) => {
  const { clock, store, errors } = await reflecting(
    [
      { pages: [{ items: [peer('a', 5)], resourceVersion: '9' }] },
      { refuse: refused(404) },
      { refuse: refused(status) },
      { pages: [{ items: [], resourceVersion: '50' }], after: refused(status) },
      { pages: [{ items: [], resourceVersion: '60' }] },
    ],
    { streaming: false },
  );
  await pass(clock, 200);
  expect([errors.length, names(store), store.synced]).toEqual([2, ['a'], true]);
  await pass(clock, 200);
  expect([errors.length, names(store)]).toEqual([3, ['a']]);
  await pass(clock, 400);
  expect(names(store)).toEqual([]);
});

test('a list that never succeeded leaves the store unsynced, and waits grow', async () => {
  const { clock, store, errors } = await reflecting(Array.from({ length: 50 }, () => ({ refuse: refused(403) })));
  await pass(clock, 60_000);
  expect(store.synced).toBe(false);
  expect(errors.length).toBeGreaterThan(5);
  expect(errors.length).toBeLessThan(20);
});

test('a reset keeps the place in the watch; a complaint is logged once', async () => {
  const { clock, client, log } = await reflecting([
    { lines: [initialEnd(9)], after: reset() },
    { refuse: reset() },
    { refuse: reset() },
    { lines: [bookmark(12)], after: 'hang' },
  ]);
  await pass(clock, 5_000);
  expect(client.asked.slice(1)).toMatchObject([
    { resourceVersion: '9' },
    { resourceVersion: '9' },
    { resourceVersion: '9' },
  ]);
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'info']);
});

test('a watch that is silent for 35 s is dead', async () => {
  const { clock, errors, client } = await reflecting([
    { lines: [initialEnd(9)], after: 'hang' },
    { lines: [], after: 'hang' },
  ]);
  await pass(clock, 34_900);
  expect(errors).toEqual([]);
  await pass(clock, 100);
  expect(errors).toMatchObject([{ code: 'ApiTimeout', reason: 'Silence' }]);
  await pass(clock, 1_000);
  expect(client.asked[1]).toMatchObject({ resourceVersion: '9' });
});

test('a list older than what was seen before is refused: what was revoked does not come back', async () => {
  const expired = line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
  const { clock, store, errors } = await reflecting([
    { lines: [added('a', 5), initialEnd(9), line('DELETED', peer('a', 20)), expired], after: 'end' },
    { lines: [added('a', 5), initialEnd(15)], after: 'end' },
    { lines: [initialEnd(25)], after: 'hang' },
  ]);
  await pass(clock, 250);
  expect(names(store)).toEqual([]);
  await pass(clock, 5_000);
  expect(names(store)).toEqual([]);
  expect(errors).toMatchObject([{ code: 'ApiGone' }, { reason: 'StaleList' }]);
  expect(store.resourceVersion).toBe('25');
});

test('an object that cannot be understood is reported and keeps its last state; the others go on', async () => {
  const { store, invalid, errors } = await reflecting([
    {
      lines: [
        added('a', 5),
        added('bad', 6, { key: 'corrupt' }),
        initialEnd(9),
        line('MODIFIED', peer('a', 10, { key: 'corrupt' })),
        added('b', 11),
      ],
      after: 'hang',
    },
  ]);
  expect(invalid).toEqual(['bad', 'a']);
  expect(errors).toEqual([]);
  expect(store.list().map(({ name, resourceVersion }) => `${name}@${resourceVersion}`)).toEqual(['a@5', 'b@11']);
});

test('an object that cannot be understood does not inherit the state of a deleted one of its name', async () => {
  const { store } = await reflecting([
    { lines: [added('a', 5), initialEnd(9), added('a', 12, { uid: 'other', key: 'corrupt' })], after: 'hang' },
  ]);
  expect(names(store)).toEqual([]);
});

test('a stream that ends at once, again and again, is not a storm', async () => {
  const empty = Array.from({ length: 1_000 }, (): Answer => ({ lines: [], after: 'end' }));
  const { clock, client } = await reflecting([{ lines: [initialEnd(9)], after: 'end' }, ...empty]);
  await pass(clock, 10_000);
  expect(client.asked.length).toBeLessThan(12);
});

test('throttled, it waits as long as the server says', async () => {
  const throttled = errorOf({ what: 'watch peers', status: 429, body: {}, retryAfter: '7', secret: false });
  const { clock, client } = await reflecting([{ refuse: throttled }]);
  await pass(clock, 6_900);
  expect(client.asked.length).toBe(1);
  await pass(clock, 100);
  expect(client.asked.length).toBe(2);
});

test('it ends with its signal, in the middle of a watch or of a wait', async () => {
  const watching = await reflecting([{ lines: [initialEnd(9)], after: 'hang' }]);
  watching.stop.abort();
  await watching.ended;
  const waiting = await reflecting([{ refuse: reset() }]);
  waiting.stop.abort();
  await waiting.ended;
  expect([watching.clock.sleepers(), waiting.clock.sleepers()]).toEqual([0, 0]);
});
