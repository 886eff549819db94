import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { OwnWrites } from '../../../src/kube/own-writes.ts';
import { freePorts } from '../../../tools/lab/ports.ts';
import { startProcess } from '../../../tools/lab/process.ts';
import { names, newScene } from './scene.ts';
import { type Api, configMaps, startApi, until } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

test('a streaming list brings everything in one request, and then each change', async () => {
  const { signal, namespace, create, fill, reflect } = await newScene(api);
  const made = await fill(300);
  const client = new KubeClient({ connection: api.connection, onRequest: ({ verb }) => verbs.push(verb) });
  onTestFinished(() => client.close());
  const verbs: string[] = [];
  const { store, seen } = reflect({ client });
  await store.whenSynced(signal);
  expect(names(store)).toEqual(made);
  expect(verbs).toEqual(['watch']);

  seen.length = 0;
  const ref = { namespace, name: 'c0000' };
  await api.client.mergePatch(configMaps, ref, { signal, patch: { data: { colour: 'red' } } });
  await until('the change shows', () => store.by('colour', 'red').length === 1);
  await api.client.delete(configMaps, ref, { signal });
  await create('c0000');
  await until('the new object shows', () => seen.length === 3);
  expect(seen).toEqual(['Modified c0000', 'Deleted c0000', 'Added c0000']);
});

test('an API server without streaming lists is listed page by page', async () => {
  const { signal, namespace, create, fill, reflect } = await newScene(api);
  const made = await fill(1_100);
  const old = await startOldApiServer();
  const verbs: string[] = [];
  const connection = { ...api.connection, server: old.server, insecure: true };
  const client = new KubeClient({ connection, onRequest: ({ verb, status }) => verbs.push(`${verb} ${status}`) });
  onTestFinished(() => client.close());
  await until('the second API server serves', async () => {
    const ready = client.request({ method: 'GET', path: '/version', signal }).then(
      () => true,
      () => false,
    );
    return ready;
  });
  const { store, log } = reflect({ client });
  await store.whenSynced(signal);
  expect(names(store)).toEqual(made);
  await create('later');
  await until('the change shows', () => store.get(`${namespace}/later`) !== undefined);
  expect(verbs.filter((verb) => verb.startsWith('watch') || verb.startsWith('list'))).toEqual([
    'watch 422',
    'list 200',
    'list 200',
    'list 200',
    'watch 200',
  ]);
  expect(log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

/** A second kube-apiserver on the same etcd, with the feature switched off. */
async function startOldApiServer(): Promise<{ readonly server: string }> {
  const commandLine = await readFile(`/proc/${api.plane.pids.apiServer}/cmdline`, 'utf8');
  const [port = 0] = await freePorts(1);
  const argv = commandLine.split('\0').filter(Boolean);
  const program = argv.slice(argv.findIndex((word) => word.endsWith('kube-apiserver')));
  const changed = program.map((word) => (word.startsWith('--secure-port=') ? `--secure-port=${port}` : word));
  const server = await startProcess([...changed, '--feature-gates=WatchList=false']);
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await server.exited;
  });
  return { server: `https://127.0.0.1:${port}` };
}

test('bookmarks move the position on while nothing happens, and a watch that ends is no failure', async () => {
  const { signal, reflect } = await newScene(api);
  const other = await newScene(api);
  let watches = 0;
  const client = new KubeClient({ connection: api.connection, onRequest: () => (watches += 1) });
  onTestFinished(() => client.close());
  const { store, log } = reflect({ client, timings: { watchSeconds: 4 } });
  await store.whenSynced(signal);
  const { metadata } = await other.create('elsewhere');
  await store.reached(metadata.resourceVersion ?? '', AbortSignal.timeout(15_000));
  await until('the second watch is open', () => watches >= 2);
  const later = await other.create('later');
  await store.reached(later.metadata.resourceVersion ?? '', AbortSignal.timeout(15_000));
  expect(names(store)).toEqual([]);
  expect(log.lines).toEqual([]);
});

test('an own write is waited for, and one that the watch never shows is told after the bound', async () => {
  const { signal, namespace, create, reflect } = await newScene(api);
  const { store } = reflect();
  await store.whenSynced(signal);
  const writes = new OwnWrites({ boundMs: 300 });
  const { metadata } = await create('a');
  const key = `${namespace}/a`;
  writes.wrote(key, metadata.resourceVersion);
  await writes.settled(key, store, signal);
  expect(store.get(key)?.resourceVersion).toBe(metadata.resourceVersion);
  writes.wrote(key, '999999999999');
  await expect(writes.settled(key, store, signal)).rejects.toMatchObject({ code: 'CacheBehind', retry: 'backoff' });
});

test('the socket of a watch probes its peer every second, so that a dead path shows in seconds', async () => {
  const { signal, reflect } = await newScene(api);
  const client = new KubeClient({ connection: api.connection });
  onTestFinished(() => client.close());
  const { store } = reflect({ client });
  await store.whenSynced(signal);
  await expect.poll(probingSockets, { timeout: 5_000 }).toBeGreaterThan(0);
});

/** Established connections to the API server whose keep-alive timer has at most a second to go (proc_net_tcp.txt). */
async function probingSockets(): Promise<number> {
  const port = Number(new URL(api.plane.server).port).toString(16).toUpperCase().padStart(4, '0');
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const ESTABLISHED = '01';
  const KEEP_ALIVE = '02';
  return rows.filter(([, , remote, state, , timer]) => {
    const [kind, jiffies = ''] = timer?.split(':') ?? [];
    return (
      remote?.endsWith(`:${port}`) &&
      state === ESTABLISHED &&
      kind === KEEP_ALIVE &&
      Number.parseInt(jiffies, 16) <= 100
    );
  }).length;
}
