import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { KubeClient, type RequestMetric } from '../../../src/kube/client.ts';
import { fixedCredentials } from '../../../src/kube/credentials.ts';
import type { KubeError } from '../../../src/kube/errors.ts';
import { leases, nodes, secrets } from '../../../src/kube/resources.ts';
import { PeerwrightError } from '../../../src/runtime/error.ts';
import { type Api, configMaps, freeze, newNamespace, startApi, testSignal } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

async function refusal(call: Promise<unknown>): Promise<KubeError> {
  return call.then(
    (value) => expect.fail(`expected a refusal, got ${inspect(value)}`),
    (error: KubeError) => error,
  );
}

function countConnections(): () => number {
  let count = 0;
  const opened = () => {
    count += 1;
  };
  subscribe('undici:client:connected', opened);
  onTestFinished(() => {
    unsubscribe('undici:client:connected', opened);
  });
  return () => count;
}

test('1,000 calls open no new connection', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const ref = { namespace, name: 'counted' };
  await api.client.create(configMaps, { metadata: ref }, { signal });
  const opened = countConnections();
  for (let call = 0; call < 1_000; call += 1) {
    if (call % 4 === 0)
      await api.client.mergePatch(configMaps, ref, { signal, patch: { data: { call: String(call) } } });
    else await api.client.get(configMaps, ref, { signal });
  }
  expect(opened()).toBe(0);
});

test('300 calls at once share at most 24 connections, and all succeed', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const client = new KubeClient({ connection: api.connection });
  onTestFinished(() => client.close());
  const opened = countConnections();
  const names = Array.from({ length: 300 }, (_, index) => `c${index}`);
  await Promise.all(names.map((name) => client.create(configMaps, { metadata: { namespace, name } }, { signal })));
  expect(opened()).toBeLessThanOrEqual(24);
  const { items, resourceVersion } = await client.list(configMaps, { namespace, signal, pageSize: 70 });
  expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual(names.toSorted());
  expect(resourceVersion).toMatch(/^\d+$/);
});

test('refusals are typed by their reason', async () => {
  const signal = testSignal();
  const { client } = api;
  const namespace = await newNamespace(api, signal);
  const metadata = { namespace, name: 'a' };
  expect(await refusal(client.get(configMaps, metadata, { signal }))).toMatchObject({
    code: 'ApiNotFound',
    reason: 'NotFound',
    status: 404,
  });
  const first = await client.create(configMaps, { metadata }, { signal });
  expect(await refusal(client.create(configMaps, { metadata }, { signal }))).toMatchObject({
    code: 'ApiAlreadyExists',
    status: 409,
  });
  const second = await client.replace(configMaps, { ...first, data: { a: '1' } }, { signal });
  expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
  expect(await refusal(client.replace(configMaps, { ...first, data: { a: '2' } }, { signal }))).toMatchObject({
    code: 'ApiConflict',
    status: 409,
  });
  const stale = { metadata: { resourceVersion: first.metadata.resourceVersion } };
  expect(await refusal(client.mergePatch(configMaps, metadata, { signal, patch: stale }))).toMatchObject({
    code: 'ApiConflict',
  });
});

test('an invalid object names the fields', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const spec = { leaseDurationSeconds: -1, leaseTransitions: -2 };
  const error = await refusal(api.client.create(leases, { metadata: { namespace, name: 'bad' }, spec }, { signal }));
  expect(error).toMatchObject({ code: 'ApiInvalid', reason: 'Invalid', status: 422 });
  expect(error.causes.map(({ field }) => field)).toEqual(['spec.leaseDurationSeconds', 'spec.leaseTransitions']);
});

test('an error about a Secret does not quote it', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const data = { 'bad key!': Buffer.from('hunter2').toString('base64') };
  const invalid = await refusal(api.client.create(secrets, { metadata: { namespace, name: 's' }, data }, { signal }));
  const garbled = await refusal(
    api.client.create(secrets, { metadata: { namespace, name: 's' }, data: { k: 'hunter2!' } }, { signal }),
  );
  for (const error of [invalid, garbled]) expect(inspect(error, { depth: 9 })).not.toMatch(/hunter2/);
  expect(invalid).toMatchObject({ code: 'ApiInvalid' });
});

test('a deletion holds to its preconditions', async () => {
  const signal = testSignal();
  const { client } = api;
  const namespace = await newNamespace(api, signal);
  const ref = { namespace, name: 'a' };
  const { metadata } = await client.create(configMaps, { metadata: ref }, { signal });
  const other = await refusal(client.delete(configMaps, ref, { signal, uid: '00000000-0000-0000-0000-000000000000' }));
  expect(other).toMatchObject({ code: 'ApiConflict' });
  const old = await refusal(client.delete(configMaps, ref, { signal, resourceVersion: '1' }));
  expect(old).toMatchObject({ code: 'ApiConflict' });
  await client.delete(configMaps, ref, {
    signal,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
  });
  expect(await refusal(client.get(configMaps, ref, { signal }))).toMatchObject({ code: 'ApiNotFound' });
});

test('status is written on its own', async () => {
  const signal = testSignal();
  const name = `node-${process.pid}`;
  const node = await api.client.create(nodes, { metadata: { name } }, { signal });
  const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] };
  const subresource = 'status';
  await api.client.mergePatch(nodes, { name }, { signal, subresource, patch: { status } });
  const seen = await api.client.get(nodes, { name }, { signal });
  expect(seen.status?.addresses).toEqual(status.addresses);
  const stale = await refusal(api.client.replace(nodes, { ...node, status }, { signal, subresource }));
  expect(stale).toMatchObject({ code: 'ApiConflict' });
});

test('a token without rights is Forbidden, an unknown one Unauthorized', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.client.request({ method: 'POST', path: accounts, body: { metadata: { name: 'poor' } }, signal });
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const reply = await api.client.request({ method: 'POST', path: `${accounts}/poor/token`, body, signal });
  const { token } = (reply as { status: { token: string } }).status;
  const as = (bearer: string) => {
    const client = new KubeClient({ connection: { ...api.connection, credentials: fixedCredentials(bearer) } });
    onTestFinished(() => client.close());
    return client.get(secrets, { namespace, name: 'any' }, { signal });
  };
  expect(await refusal(as(token))).toMatchObject({ code: 'ApiForbidden', status: 403, retry: 'backoff' });
  expect(await refusal(as('unknown'))).toMatchObject({ code: 'ApiUnauthorized', status: 401 });
});

test('a token that was rotated is read again after the 401, and the call succeeds', async () => {
  const signal = testSignal();
  const good = await api.connection.credentials.token();
  let token: string | undefined = 'expired';
  const credentials = {
    token: () => Promise.resolve(token),
    certificate: () => undefined,
    refresh: () => {
      token = good;
      return Promise.resolve();
    },
  };
  const client = new KubeClient({ connection: { ...api.connection, credentials } });
  onTestFinished(() => client.close());
  expect((await client.list(nodes, { signal })).resourceVersion).not.toBe('');
});

test('a call ends with its signal, and with its time limit', async () => {
  const signal = testSignal();
  const stop = new AbortController();
  const aborted = api.client.list(nodes, { signal: stop.signal });
  stop.abort(new Error('changed my mind'));
  await expect(aborted).rejects.toThrow('changed my mind');
  freeze(api);
  expect(await refusal(api.client.list(nodes, { signal, timeoutMs: 100 }))).toMatchObject({ code: 'ApiTimeout' });
});

test('no API server at the address is unreachable, and a stranger’s certificate is not trusted', async () => {
  const signal = testSignal();
  for (const change of [{ server: 'https://127.0.0.1:1' }, { ca: undefined }]) {
    const client = new KubeClient({ connection: { ...api.connection, ...change } });
    onTestFinished(() => client.close());
    expect(await refusal(client.list(nodes, { signal }))).toMatchObject({ code: 'ApiUnreachable', status: 0 });
  }
});

test('a guarded client asks before each write, not before reads', async () => {
  const signal = testSignal();
  const namespace = await newNamespace(api, signal);
  const client = api.client.guarded(() => {
    throw new PeerwrightError('NotLeading', 'not now');
  });
  const ref = { namespace, name: 'a' };
  await expect(client.create(configMaps, { metadata: ref }, { signal })).rejects.toMatchObject({ code: 'NotLeading' });
  await expect(client.delete(configMaps, ref, { signal })).rejects.toMatchObject({ code: 'NotLeading' });
  expect(await refusal(client.get(configMaps, ref, { signal }))).toMatchObject({ code: 'ApiNotFound' });
});

test('every call is measured', async () => {
  const signal = testSignal();
  const metrics: RequestMetric[] = [];
  const client = new KubeClient({ connection: api.connection, onRequest: (metric) => metrics.push(metric) });
  onTestFinished(() => client.close());
  await refusal(client.get(nodes, { name: 'absent' }, { signal }));
  await client.list(nodes, { signal });
  expect(metrics).toMatchObject([
    { verb: 'get', resource: 'nodes', status: 404 },
    { verb: 'list', resource: 'nodes', status: 200 },
  ]);
});
