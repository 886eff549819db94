import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { fixedCredentials } from '../../../src/kube/credentials.ts';
import { isAlreadyExists } from '../../../src/kube/errors.ts';
import { type KubeObject, resource } from '../../../src/kube/object.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { type Projected, Store } from '../../../src/kube/store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { names, newScene, type Source } from './scene.ts';
import { type Api, configMaps, freeze, startApi, until, viewOf } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

test('an API server killed and started again loses no change, no deletion included', async () => {
  const { signal, namespace, create, fill, reflect } = await newScene(api);
  await fill(5);
  const { store, seen } = reflect({ timings: { maxMs: 1_000 } });
  await store.whenSynced(signal);
  seen.length = 0;
  await api.plane.stopApiServer();
  await until('the watch is down', async () => {
    const ping = api.client.list(configMaps, { namespace, signal, timeoutMs: 500 });
    return ping.then(
      () => false,
      () => true,
    );
  });
  expect([store.synced, names(store).length]).toEqual([true, 5]);
  await api.plane.startApiServer();
  await api.client.delete(configMaps, { namespace, name: 'c0001' }, { signal });
  await create('new');
  await until('the store is as the API server', () => names(store).join() === 'c0000,c0002,c0003,c0004,new');
  expect(seen.toSorted()).toEqual(['Added new', 'Deleted c0001']);
});

test('an API server that hangs is left after the silence, and found again', async () => {
  const { signal, namespace, fill, reflect } = await newScene(api);
  await fill(2);
  const { store, log } = reflect({ timings: { silenceMs: 1_500, baseMs: 50, maxMs: 200 } });
  await store.whenSynced(signal);
  const wake = freeze(api);
  await until('the silence was noticed', () => log.lines.length > 0, 5);
  expect(log.lines[0]?.fields['error']).toMatchObject({ code: 'ApiTimeout', reason: 'Silence' });
  expect(names(store)).toEqual(['c0000', 'c0001']);
  wake();
  await api.client.delete(configMaps, { namespace, name: 'c0000' }, { signal });
  await until('the deletion shows', () => names(store).join() === 'c0001');
});

test('a version that etcd has compacted away leads to a list, which tells of deletions in the gap', async () => {
  const { signal, namespace, create, fill, reflect } = await newScene(api);
  await fill(3);
  let broken = false;
  // A watch from version 1 is what a client has that was away for long.
  const client: Source = {
    pages: (kind, options) => api.client.pages(kind, options),
    watch: (kind, options) => {
      const outdated = broken && options.query?.['resourceVersion'] !== undefined;
      broken = false;
      const query = outdated ? { ...options.query, resourceVersion: '1' } : options.query;
      return api.client.watch(kind, { ...options, ...(query === undefined ? {} : { query }) });
    },
  };
  const { store, log, seen } = reflect({ client, timings: { watchSeconds: 2 } });
  await store.whenSynced(signal);
  seen.length = 0;
  await api.client.delete(configMaps, { namespace, name: 'c0001' }, { signal });
  broken = true;
  await until('the reflector was refused', () => log.lines.length > 0);
  expect(log.lines[0]?.fields['error']).toMatchObject({ code: 'ApiGone' });
  await create('new');
  await until('it watches again', () => store.get(`${namespace}/new`) !== undefined);
  expect(seen).toEqual(['Deleted c0001', 'Added new']);
});

interface Widget extends KubeObject {
  spec?: { size?: number };
}

const widgets = resource<Widget>({
  group: 'test.example',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
});
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const widgetCrd = {
  metadata: { name: 'widgets.test.example' },
  spec: {
    group: 'test.example',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

test('a kind that is not there yet is unknown, not empty; it fills in each time its CRD comes', async () => {
  const { signal, namespace } = await newScene(api);
  const store = new Store<Projected>();
  const errors: unknown[] = [];
  const project = ({ metadata: { name, uid = '', resourceVersion = '' } }: Widget) => ({
    namespace,
    name,
    uid,
    resourceVersion,
  });
  const timings = { maxMs: 300, watchSeconds: 5 };
  const deps = { client: api.client, resource: widgets, clock: systemClock, timings, store, project };
  void new Reflector({ ...deps, namespace, onError: (error) => errors.push(error) }).run(signal);
  await until('it was refused', () => errors.length > 1);
  expect(errors[0]).toMatchObject({ code: 'ApiNotServed' });
  expect(store.synced).toBe(false);

  const crdSpec = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', ...widgetCrd };
  await api.client.request({ method: 'POST', path: crdPath, body: crdSpec, signal });
  await store.whenSynced(signal);
  await api.client.create(widgets, { metadata: { namespace, name: 'w' } }, { signal });
  await until('the object shows', () => store.get(`${namespace}/w`) !== undefined);

  const seen = errors.length;
  await api.client.request({ method: 'DELETE', path: `${crdPath}/${widgetCrd.metadata.name}`, signal });
  await until('it is refused again', () => errors.length > seen + 1);
  expect(store.synced).toBe(true);
  await api.client.request({ method: 'POST', path: crdPath, body: crdSpec, signal });
  const again = { metadata: { namespace, name: 'again' } };
  const createAgain = () => api.client.create(widgets, again, { signal }).then(() => true, isAlreadyExists);
  await until('the kind is served again', createAgain);
  await until(
    'the new object shows',
    () =>
      store
        .list()
        .map(({ name }) => name)
        .join() === 'again',
  );
});

test('a list that is forbidden removes nothing, and goes on when the right comes back', async () => {
  const { signal, namespace, create, reflect } = await newScene(api);
  await create('a');
  let forbidden = false;
  const poor = new KubeClient({
    connection: { ...api.connection, credentials: await poorCredentials(namespace, signal) },
  });
  onTestFinished(() => poor.close());
  const now = () => (forbidden ? poor : api.client);
  const client: Source = {
    pages: (kind, options) => now().pages(kind, options),
    watch: (kind, options) => now().watch(kind, options),
  };
  const errors: unknown[] = [];
  const timings = { watchSeconds: 2, maxMs: 300 };
  const { store } = reflect({ client, timings, onError: (error) => errors.push(error) });
  await store.whenSynced(signal);
  forbidden = true;
  await api.client.delete(configMaps, { namespace, name: 'a' }, { signal });
  await create('b');
  await until('it was refused twice', () => errors.length >= 2);
  expect(errors.at(-1)).toMatchObject({ code: 'ApiForbidden' });
  const before = names(store);
  expect(store.synced).toBe(true);
  await until('it was refused again', () => errors.length >= 4);
  expect(names(store)).toEqual(before);
  forbidden = false;
  await until('it is allowed again', () => names(store).join() === 'b');
});

async function poorCredentials(namespace: string, signal: AbortSignal) {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.client.request({ method: 'POST', path: accounts, body: { metadata: { name: 'poor' } }, signal });
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const reply = await api.client.request({ method: 'POST', path: `${accounts}/poor/token`, body, signal });
  const token = (reply as { status: { token: string } }).status.token;
  return fixedCredentials(token);
}

test('random changes during restarts of the watch end in the state of the API server, never going back on the way', async () => {
  const { signal, namespace, create, reflect } = await newScene(api);
  const { store } = reflect({ timings: { watchSeconds: 1, baseMs: 20 } });
  await store.whenSynced(signal);
  const newest = new Map<string, bigint>();
  const backwards: string[] = [];
  store.subscribe(({ type, object }) => {
    const version = BigInt(object.resourceVersion);
    if (type !== 'Deleted' && version <= (newest.get(object.uid) ?? 0n)) backwards.push(object.name);
    newest.set(object.uid, version);
  });
  for (let step = 0; step < 300; step += 1) {
    const ref = { namespace, name: `r${(step * 7) % 10}` };
    if (store.get(`${namespace}/${ref.name}`) === undefined) await create(ref.name).catch(() => undefined);
    else if (step % 3 === 0) await api.client.delete(configMaps, ref, { signal }).catch(() => undefined);
    else
      await api.client
        .mergePatch(configMaps, ref, { signal, patch: { data: { step: `${step}` } } })
        .catch(() => undefined);
  }
  const { items } = await api.client.list(configMaps, { namespace, signal });
  const versions = (objects: readonly { readonly name: string; readonly resourceVersion: string }[]) =>
    objects.map(({ name, resourceVersion: version }) => `${name}@${version}`).toSorted();
  const goal = versions(items.map(viewOf)).join();
  await until('the store is as the API server', () => versions(store.list()).join() === goal);
  expect(backwards).toEqual([]);
});
