import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { WireGuardGateway, WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import { manifests, NODES, PEERS, SITE_LABEL } from './manifests.ts';

const key = (last: string): string => `${'A'.repeat(42)}${last}=`;
const keys = { laptop: key('E'), phone: key('I'), printer: key('M') };
const objects = parseAllDocuments(manifests(keys)).map((document) => document.toJS());

test('the demo applies a namespace, two valid gateways and three valid peers with the keys given', () => {
  const [namespace, edge, legacy, ...peers] = objects;
  expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: edge.metadata.namespace } });
  expect([edge, legacy].flatMap((gateway) => WireGuardGateway.check(gateway))).toEqual([]);
  expect(peers.flatMap((peer) => WireGuardPeer.check(peer))).toEqual([]);
  expect(peers.map(({ metadata, spec }) => [metadata.name, spec.gatewayRef.name, spec.publicKey])).toEqual(
    PEERS.map(({ name, gateway }) => [name, gateway, keys[name]]),
  );
});

test('each gateway fits exactly one of the nodes, and another one', () => {
  const sites = objects.slice(1, 3).map(({ spec }) => String(spec.placement.nodeSelector[SITE_LABEL]));
  expect(sites).toEqual(NODES.map(({ site }) => site));
});
