import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { WireGuardGateway, WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import { manifests, NODES, SITE_LABEL } from './manifests.ts';

const printer = `${'A'.repeat(42)}E=`;
const [namespace, edge, legacy, ...peers] = parseAllDocuments(manifests({ printer })).map((document) =>
  document.toJS(),
);

test('the demo applies a namespace, two valid gateways and three valid peers, of which one has a key of its own', () => {
  expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: edge.metadata.namespace } });
  expect([edge, legacy].flatMap((gateway) => WireGuardGateway.check(gateway))).toEqual([]);
  expect(peers.flatMap((peer) => WireGuardPeer.check(peer))).toEqual([]);
  expect(peers.map(({ metadata, spec }) => [metadata.name, spec.gatewayRef.name, spec.publicKey])).toEqual([
    ['laptop', 'edge', undefined],
    ['branch', 'edge', undefined],
    ['printer', 'legacy', printer],
  ]);
});

test('each gateway fits exactly one of the nodes, and another one', () => {
  const sites = [edge, legacy].map(({ spec }) => String(spec.placement.nodeSelector[SITE_LABEL]));
  expect(sites).toEqual(NODES.map(({ site }) => site));
});
