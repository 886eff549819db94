import { afterEach, expect, test } from 'vitest';
import { serveHealth } from './http-health.ts';
import { createMetrics } from './metrics.ts';

const open: AbortController[] = [];

afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
});

async function serve(checks: Record<string, () => boolean> = {}, host?: string) {
  const controller = new AbortController();
  open.push(controller);
  const metrics = createMetrics();
  const bound = await serveHealth(
    { port: 0, ...(host === undefined ? {} : { host }) },
    { checks, metrics, signal: controller.signal },
  );
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://${bound.host}:${bound.port}${path}`, init);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  return { controller, metrics, bound, get };
}

test('it listens on loopback unless told otherwise', async () => {
  expect((await serve()).bound.host).toBe('127.0.0.1');
  const elsewhere = await serve({}, '127.0.0.2');
  expect(await elsewhere.get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  await expect(fetch(`http://127.0.0.1:${elsewhere.bound.port}/healthz`)).rejects.toThrow('fetch failed');
});

test('a process is healthy while it answers, ready or not', async () => {
  const { get } = await serve({ cache: () => false });
  expect(await get('/healthz')).toMatchObject({ status: 200 });
});

test('a process is ready when all checks pass, and names those that do not', async () => {
  let synced = false;
  const { get } = await serve({ cache: () => synced, lease: () => true, policies: () => synced });
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready: cache, policies\n' });
  synced = true;
  expect(await get('/readyz?verbose')).toMatchObject({ status: 200, text: 'ok\n' });
});

test('metrics are those of this process alone', async () => {
  const [one, two] = [await serve(), await serve()];
  const writes = {
    type: 'counter',
    name: 'peerwright_writes_total',
    help: 'Writes.',
    labels: { kind: 'Kind.' },
  } as const;
  one.metrics.counter(writes).inc({ kind: 'peer' }, 3);
  const { status, type, text } = await one.get('/metrics');
  expect([status, type]).toEqual([200, one.metrics.contentType]);
  expect(text).toContain('peerwright_writes_total{kind="peer"} 3');
  expect(text).toContain('process_cpu_seconds_total');
  expect((await two.get('/metrics')).text).not.toContain('peerwright_writes_total');
});

test('gauges may be asked when read, and histograms count into their buckets', async () => {
  const metrics = createMetrics();
  let peers = 1;
  metrics.gauge({ type: 'gauge', name: 'peerwright_peers', help: 'Peers.' }, () => peers);
  const seconds = { type: 'histogram', name: 'peerwright_apply_seconds', help: 'Time.', buckets: [0.1, 1] } as const;
  metrics.histogram(seconds).observe(0.5);
  peers = 42;
  const text = await metrics.text();
  expect(text).toContain('peerwright_peers 42');
  expect(text).toContain('peerwright_apply_seconds_bucket{le="1"} 1');
  expect(text).toContain('peerwright_apply_seconds_bucket{le="0.1"} 0');
});

test.each(['writes_total', 'peerwright_', 'peerwright_Peers'])('the metric name %s is refused', (name) => {
  const declared = { type: 'counter', name, help: 'Help.' } as const;
  expect(() => createMetrics().counter(declared)).toThrow(`Metric ${name} is not named peerwright_`);
});

test.each([
  ['/', {}, 404],
  ['/healthzz', {}, 404],
  ['/healthz', { method: 'POST' }, 405],
])('%s with %j gives %i', async (path, init, status) => {
  expect(await (await serve()).get(path, init)).toMatchObject({ status });
});

test('an abort closes the server, also while it answers', async () => {
  const controller = new AbortController();
  const asked = Promise.withResolvers<void>();
  const text = () => {
    asked.resolve();
    return new Promise<string>(() => {});
  };
  const deps = { checks: {}, metrics: { text, contentType: 'text/plain' }, signal: controller.signal };
  const { host, port } = await serveHealth({ port: 0 }, deps);
  void asked.promise.then(() => controller.abort());
  await expect(fetch(`http://${host}:${port}/metrics`)).rejects.toThrow('fetch failed');
  await expect(fetch(`http://${host}:${port}/healthz`)).rejects.toThrow('fetch failed');
});

test('an address that is taken is an error with a hint', async () => {
  const { bound } = await serve();
  const deps = { checks: {}, metrics: createMetrics(), signal: new AbortController().signal };
  await expect(serveHealth({ port: bound.port }, deps)).rejects.toMatchObject({
    code: 'ListenFailed',
    message: `Cannot listen on 127.0.0.1 port ${bound.port}`,
    hint: expect.stringContaining('another'),
  });
});
