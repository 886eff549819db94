import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { Kind } from '../../../src/api/kind.ts';
import { STATUS_DEFAULT } from '../../../src/api/v1alpha1/common.ts';
import type { Sample } from './case.ts';
import { gateway, KEY, peer } from './samples.ts';
import { collection, startServer, whole, type TestServer } from './server.ts';

const SAMPLES = [
  { kind: WireGuardGateway, sample: gateway({}) },
  { kind: WireGuardPeer, sample: peer({ publicKey: undefined }) },
];

let running: TestServer;
beforeAll(async () => {
  running = await startServer();
  for (const { kind, sample } of SAMPLES) await running.server.request('POST', collection(kind), whole(kind, sample));
}, 120_000);
afterAll(() => running?.[Symbol.asyncDispose]());

describe.each(SAMPLES)('a new $kind.kind', ({ kind, sample }) => {
  const path = `${collection(kind)}/${sample.metadata.name}`;
  const name = `${kind.plural}/${sample.metadata.name}`;

  test('reads as waiting for the operator, also to watchers', async () => {
    const { body } = await running.server.request('GET', path);
    expect(body.status).toEqual(STATUS_DEFAULT);
    expect(kind.parse(body)).toMatchObject({ ok: true });
    const watched = await running.server.request('GET', `${collection(kind)}?watch=true&timeoutSeconds=1`);
    expect(watched.body).toMatchObject({ type: 'ADDED', object: { status: STATUS_DEFAULT } });
  });

  test('cannot bring a status of its own', async () => {
    const forged = { ...whole(kind, sample), status: { observedGeneration: 1, conditions: [] } };
    const { body } = await running.server.request('POST', `${collection(kind)}?dryRun=All`, {
      ...forged,
      metadata: { name: 'forged' },
    });
    expect(body.status).toEqual(STATUS_DEFAULT);
  });

  test('is waited for by kubectl, until a status says otherwise', async () => {
    const wait = (timeout: string) =>
      running.cluster.kubectl(['wait', '--for=condition=Ready', `--timeout=${timeout}`, name]);
    expect(await wait('1s')).toMatchObject({ code: 1, stderr: expect.stringContaining('timed out') });
    const { body } = await running.server.request('GET', path);
    const [condition] = STATUS_DEFAULT.conditions;
    const status = { observedGeneration: 1, conditions: [{ ...condition, status: 'True', observedGeneration: 1 }] };
    await running.server.request('PUT', `${path}/status`, { ...body, status });
    expect(await wait('10s')).toMatchObject({ code: 0 });
  });

  test('is found by its short name and category, with the columns a person wants', async () => {
    const { stdout } = await running.cluster.kubectl(['get', kind.shortNames[0] ?? '', '-o', 'wide']);
    const [header, row] = stdout.split('\n');
    expect(header?.split(/ {2,}/).map((column) => column.trim())).toEqual([
      'NAME',
      ...kind.columns.map((column) => column.name.toUpperCase()),
    ]);
    expect(row).toContain(sample.metadata.name);
    expect((await running.cluster.kubectl(['get', 'wireguard', '-o', 'name'])).stdout).toContain(sample.metadata.name);
  });
});

describe('what a spec leaves out', () => {
  const stored = async (kind: Kind, sample: Sample) => {
    const { body } = await running.server.request('POST', `${collection(kind)}?dryRun=All`, whole(kind, sample));
    return body.spec;
  };

  test.each([
    {
      what: 'of a gateway is Isolated and masqueraded, and nothing else',
      kind: WireGuardGateway,
      sample: gateway({}, 'default'),
      spec: { pools: [{ cidr: '10.90.0.0/16' }], masquerade: 'Enabled', peerTraffic: 'Isolated' },
    },
    {
      what: 'of the clients of a gateway is a keepalive that passes NAT',
      kind: WireGuardGateway,
      sample: gateway({ client: { dns: ['10.0.0.10'] } }, 'default'),
      spec: {
        pools: [{ cidr: '10.90.0.0/16' }],
        masquerade: 'Enabled',
        peerTraffic: 'Isolated',
        client: { dns: ['10.0.0.10'], persistentKeepaliveSeconds: 25 },
      },
    },
    {
      what: 'of a peer stays out, so that the operator decides about its keys',
      kind: WireGuardPeer,
      sample: peer({ publicKey: undefined }, 'default'),
      spec: { gatewayRef: { name: 'edge' }, state: 'Enabled' },
    },
    {
      what: 'of a peer with its own key stays out too',
      kind: WireGuardPeer,
      sample: peer({}, 'default'),
      spec: { gatewayRef: { name: 'edge' }, publicKey: KEY, state: 'Enabled' },
    },
  ])('$what', async ({ kind, sample, spec }) => {
    expect(await stored(kind, sample)).toEqual(spec);
  });
});

describe('peers', () => {
  test('are selected by their gateway', async () => {
    const selected = (gateway: string) =>
      running.server.request('GET', `${collection(WireGuardPeer)}?fieldSelector=spec.gatewayRef.name=${gateway}`);
    expect((await selected('edge')).body.items).toHaveLength(1);
    expect((await selected('other')).body.items).toHaveLength(0);
  });
});
