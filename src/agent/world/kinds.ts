/** What the agent watches and writes, with the types that go with it. */
import type { ObjectOf } from '../../api/kind.ts';
import { WireGuardNodeConfig, WireGuardNodeReport, WireGuardPeer } from '../../api/v1alpha1/index.ts';
import type { Resource } from '../../kube/object.ts';

export type PeerObject = ObjectOf<typeof WireGuardPeer>;
export type NodeConfigObject = ObjectOf<typeof WireGuardNodeConfig>;
export type ReportObject = ObjectOf<typeof WireGuardNodeReport>;

export const peers: Resource<PeerObject> = WireGuardPeer;
export const nodeConfigs: Resource<NodeConfigObject> = WireGuardNodeConfig;
export const reports: Resource<ReportObject> = WireGuardNodeReport;
