import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WireGuardNodeConfig, WireGuardNodeReport } from '../../src/api/v1alpha1/index.ts';
import { open } from '../../src/keys/seal.ts';
import { parsePublicKey } from '../../src/mesh/key.ts';
import { Secret } from '../../src/runtime/secret.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { canaries, canaryOf, hits, leaks } from '../support/canary.ts';
import { Cluster, gateways, peers } from '../support/cluster.ts';
import { dumpDevice } from '../support/device.ts';
import { Mesh, someKey } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'net';
const system = 'peerwright-system';

describe('what nobody but the one meant can do', () => {
  let mesh: Mesh;
  let a: ClusterNode;
  let b: ClusterNode;

  beforeAll(async () => {
    mesh = await Mesh.start('priv');
    [a, b] = await Promise.all([
      mesh.lab.addNode('a', { labels: { site: 'a' } }),
      mesh.lab.addNode('b', { labels: { site: 'b' } }),
      mesh.lab.addOperator(),
    ]);
    await mesh.cluster.namespace(namespace);
    for (const [index, site] of ['a', 'b'].entries()) {
      const spec = { pools: [{ cidr: `10.9${index}.0.0/24` }], placement: { nodeSelector: { site } } };
      await mesh.cluster.gateway({ namespace, name: `edge-${site}` }, spec);
      await mesh.cluster.ready(gateways, { namespace, name: `edge-${site}` }, 60_000);
    }
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test("a stolen agent token and the node's own identity open no key of another node", async () => {
    await using thief = await Cluster.connect(mesh.lab.controlPlane, a.agentKubeconfig);
    const config = await thief.get(WireGuardNodeConfig, { namespace: system, name: 'b' });
    const [entry] = config.spec.gateways;
    const publicKey = parsePublicKey(entry?.publicKey ?? '');
    if (!entry || !publicKey) throw new Error('b has no gateway');
    const expected = { node: { name: 'b', uid: b.uid }, gateway: entry.gateway, keyNumber: entry.keyNumber, publicKey };
    const identity = ({ node }: ClusterNode) => new Secret(readFileSync(join(node.stateDir, 'identity')));
    expect(await open(entry.sealedKey, identity(a), expected)).toMatchObject({ ok: false });
    expect(await open(entry.sealedKey, identity(b), expected)).toMatchObject({ ok: true });
  });

  test.each([
    ['an address outside the pools', { addresses: ['10.99.0.9'] }],
    ["the gateway's own address", { addresses: ['10.90.0.1'] }],
    ['another key than the spec says', { publicKey: someKey() }],
    ['a route that the spec does not ask for', { routes: ['192.168.7.0/24'] }],
  ])('a status with %s is refused by the agent, whoever wrote it', async (_, status) => {
    const ref = { namespace, name: 'victim' };
    await mesh.cluster.peer(ref, { gatewayRef: { name: 'edge-a' }, publicKey: someKey() });
    const peer = await mesh.cluster.ready(peers, ref);
    const uid = (await mesh.cluster.get(gateways, { namespace, name: 'edge-a' })).metadata.uid ?? '';
    const before = [...((await dumpDevice(a.node, uid))?.peers.values() ?? [])].map(granted);
    const [operator] = mesh.lab.operators;
    await operator?.stop('SIGTERM');
    await mesh.cluster.patchStatus(peers, ref, status);
    const refusal = await waitFor(() => reportedProblem(peer.metadata.uid ?? ''), { what: 'PeerRefused is reported' });
    expect(refusal).toBe('PeerRefused');
    expect([...((await dumpDevice(a.node, uid))?.peers.values() ?? [])].map(granted)).toEqual(before);
    await operator?.start();
    const repaired = async () => {
      const { status: now } = await mesh.cluster.get(peers, ref);
      const isRight = now?.publicKey === peer.spec.publicKey && now?.routes === undefined;
      return isRight && String(now?.addresses) === String(peer.status?.addresses);
    };
    await waitFor(repaired, { what: 'the operator has written the right status again' });
    await mesh.cluster.ready(peers, ref);
    await mesh.cluster.remove(peers, ref);
  });

  test('no key is in a log, an object, a metric, an argument or an environment; a planted one would be found', async () => {
    const [planted] = await canaries(mesh.cluster);
    expect(planted?.shapes.length).toBeGreaterThan(4);
    expect(await leaks(mesh.lab, mesh.cluster)).toEqual([]);
    const value = Buffer.from('0123456789abcdef0123456789abcdef');
    for (const text of [value.toString(), value.toString('base64'), value.toString('hex')]) {
      expect(hits([canaryOf('planted', value)], 'a log', Buffer.from(`{"x":"${text}"}`))).toEqual(['planted in a log']);
    }
  });

  function granted(peer: { publicKey: string; allowedIPs: readonly string[] }): string {
    return `${peer.publicKey} ${peer.allowedIPs.join(',')}`;
  }

  async function reportedProblem(uid: string): Promise<string | undefined> {
    const reports = await mesh.cluster.list(WireGuardNodeReport, system);
    const entries = reports.flatMap((report) => report.spec.peers ?? []);
    return entries.find((entry) => entry.uid === uid)?.problem?.code;
  }
});
