import { expect, test } from 'vitest';
import { WireGuardGateway, WireGuardNodeReport, WireGuardPeer } from '../api/v1alpha1/index.ts';
import { gateways, nodeReports, peers } from './resources.ts';

test.each([
  [gateways, WireGuardGateway],
  [peers, WireGuardPeer],
  [nodeReports, WireGuardNodeReport],
])('$plural are where the contract has them', (resource, { group, version, kind, plural, namespaced }) => {
  expect(resource).toEqual({ group, version, kind, plural, namespaced });
});
