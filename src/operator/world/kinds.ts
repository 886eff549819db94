/** What the operator watches and writes, with the types that go with it. */
import {
  WireGuardAddressBlock,
  WireGuardGateway,
  WireGuardNodeConfig,
  WireGuardNodeReport,
  WireGuardPeer,
} from '../../api/v1alpha1/index.ts';
import type { ObjectOf } from '../../api/kind.ts';
import type { Resource } from '../../kube/object.ts';

export {
  leases,
  nodes,
  serviceCIDRs,
  validatingAdmissionPolicies as policies,
  validatingAdmissionPolicyBindings as bindings,
} from '../../kube/resources.ts';

export type GatewayObject = ObjectOf<typeof WireGuardGateway>;
export type PeerObject = ObjectOf<typeof WireGuardPeer>;
export type BlockObject = ObjectOf<typeof WireGuardAddressBlock>;
export type NodeConfigObject = ObjectOf<typeof WireGuardNodeConfig>;
export type ReportObject = ObjectOf<typeof WireGuardNodeReport>;

export const gateways: Resource<GatewayObject> = WireGuardGateway;
export const peers: Resource<PeerObject> = WireGuardPeer;
export const blocks: Resource<BlockObject> = WireGuardAddressBlock;
export const nodeConfigs: Resource<NodeConfigObject> = WireGuardNodeConfig;
export const reports: Resource<ReportObject> = WireGuardNodeReport;
