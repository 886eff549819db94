import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Change, type Projected, Store } from './store.ts';

interface Item extends Projected {
  readonly gateway: string;
}

const item = (changes: Partial<Item> = {}): Item => ({
  namespace: 'net',
  name: 'a',
  uid: 'u1',
  resourceVersion: '10',
  gateway: 'edge',
  ...changes,
});

const indexed = () => new Store<Item>({ indexes: { gateway: ({ gateway }) => [gateway] } });

function recorded(store: Store<Item>): string[] {
  const seen: string[] = [];
  store.subscribe(({ type, object }: Change<Item>) => seen.push(`${type} ${object.uid}@${object.resourceVersion}`));
  return seen;
}

test('an object older than the one held is not taken', () => {
  const store = indexed();
  const seen = recorded(store);
  store.apply(item({ resourceVersion: '10' }));
  store.apply(item({ resourceVersion: '9', gateway: 'old' }));
  store.apply(item({ resourceVersion: '10', gateway: 'same' }));
  expect(store.get('net/a')?.gateway).toBe('edge');
  expect(seen).toEqual(['Added u1@10']);
});

test('another uid under the same name is a deletion and an addition', () => {
  const store = indexed();
  const seen = recorded(store);
  store.apply(item());
  store.apply(item({ uid: 'u2', resourceVersion: '12' }));
  expect(seen).toEqual(['Added u1@10', 'Deleted u1@10', 'Added u2@12']);
  expect(store.byUid('u1')).toBeUndefined();
  expect(store.byUid('u2')?.name).toBe('a');
});

test('a late deletion of an earlier object of the name changes nothing', () => {
  const store = indexed();
  store.apply(item({ uid: 'u2', resourceVersion: '12' }));
  store.remove({ namespace: 'net', name: 'a', uid: 'u1', resourceVersion: '11' });
  store.remove({ namespace: 'net', name: 'a', uid: 'u2', resourceVersion: '11' });
  expect(store.size).toBe(1);
});

test('indexes follow additions, moves and deletions', () => {
  const store = indexed();
  store.apply(item());
  store.apply(item({ name: 'b', uid: 'u2' }));
  store.apply(item({ resourceVersion: '11', gateway: 'other' }));
  expect(store.by('gateway', 'edge').map(({ name }) => name)).toEqual(['b']);
  expect(store.by('gateway', 'other').map(({ name }) => name)).toEqual(['a']);
  store.remove({ ...item(), resourceVersion: '12' });
  expect(store.by('gateway', 'other')).toEqual([]);
  expect(() => store.by('colour', 'red')).toThrow(RangeError);
});

test('a complete list removes what it did not hold, unless that is newer than the list', () => {
  const store = indexed();
  store.apply(item({ name: 'gone', uid: 'gone', resourceVersion: '5' }));
  store.apply(item({ name: 'kept', uid: 'kept', resourceVersion: '6' }));
  store.apply(item({ name: 'new', uid: 'new', resourceVersion: '30' }));
  store.listed(new Set(['kept']), '20');
  expect(store.list().map(({ name }) => name)).toEqual(['kept', 'new']);
  expect([store.synced, store.resourceVersion]).toEqual([true, '20']);
});

test('an own write shows at once, but not one that the watch has passed', () => {
  const store = indexed();
  store.listed(new Set(), '20');
  store.written(item({ resourceVersion: '19' }));
  expect(store.size).toBe(0);
  store.written(item({ resourceVersion: '21' }));
  expect(store.get('net/a')?.resourceVersion).toBe('21');
  expect(store.resourceVersion).toBe('20');
});

test('waiting for a version ends when everything up to it has been seen, or with the signal', async () => {
  const store = indexed();
  const stop = new AbortController();
  const synced = store.whenSynced(stop.signal);
  const reached = store.reached('25', stop.signal);
  const never = store.reached('99', stop.signal);
  store.listed(new Set(), '20');
  await synced;
  store.advance('25');
  await reached;
  stop.abort(new Error('enough'));
  await expect(never).rejects.toThrow('enough');
});

test('one failing subscriber does not keep a change from the others', () => {
  const store = indexed();
  store.subscribe(() => {
    throw new Error('broken');
  });
  const seen = recorded(store);
  expect(() => store.apply(item())).toThrow(AggregateError);
  expect(seen).toEqual(['Added u1@10']);
  expect(store.size).toBe(1);
});

test('whatever the order in which versions of objects arrive, the newest stay and changes replay to the same state', () => {
  const version = fc.record({ name: fc.constantFrom('a', 'b', 'c'), version: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(version), (versions) => {
      const store = indexed();
      const replayed = new Map<string, string>();
      store.subscribe(({ type, object }) => {
        if (type === 'Deleted') replayed.delete(object.name);
        else replayed.set(object.name, object.resourceVersion);
      });
      const newest = new Map<string, string>();
      for (const { name, version: number } of versions) {
        store.apply(item({ name, uid: name, resourceVersion: String(number) }));
        newest.set(name, String(Math.max(number, Number(newest.get(name) ?? 0))));
      }
      expect(new Map(store.list().map((object) => [object.name, object.resourceVersion]))).toEqual(newest);
      expect(replayed).toEqual(newest);
    }),
  );
});
