/**
 * What the operator remembers of each object: only what decisions need, without managedFields, checked against the
 * schema once. An object that does not fit is kept with the reason, so that it is isolated and never mistaken for absent.
 */
import type { AddressBlockSpec } from '../../api/v1alpha1/address-block.ts';
import type { GatewaySpec, GatewayStatus } from '../../api/v1alpha1/gateway.ts';
import type { NodeConfigSpec } from '../../api/v1alpha1/node-config.ts';
import type { NodeReportSpec } from '../../api/v1alpha1/node-report.ts';
import type { PeerSpec, PeerStatus } from '../../api/v1alpha1/peer.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { LiveObject } from '../policies/compare.ts';

/** Who and which version an object is. Namespace is empty for cluster-scoped kinds. */
export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
}

/** Either the spec, or why it cannot be read. */
export type Readable<Spec> =
  | { readonly spec: Spec; readonly invalid?: undefined }
  | { readonly spec?: undefined; readonly invalid: Problem };

export type GatewayView = Meta & Readable<GatewaySpec> & { readonly status: GatewayStatus };

export type PeerView = Meta &
  Readable<PeerSpec> & {
    /** `namespace/name` of its gateway; empty when it cannot be read. */
    readonly gatewayKey: string;
    readonly status: PeerStatus;
  };

export type BlockView = Meta & Readable<AddressBlockSpec>;
export type NodeConfigView = Meta & Readable<NodeConfigSpec>;
/** `shard` is the number in front of the name: 0 carries the node's facts. */
export type ReportView = Meta & Readable<NodeReportSpec> & { readonly nodeName: string; readonly shard: number };

export type NodeView = Meta & {
  readonly labels: Readonly<Record<string, string>>;
  readonly schedulable: boolean;
  readonly podCIDRs: readonly string[];
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
};

export type ServiceCIDRView = Meta & { readonly cidrs: readonly string[] };
export type LeaseView = Meta & { readonly renewTime: string };

/** A ValidatingAdmissionPolicy or binding; `live` is what `policyProblems` compares. */
export type PolicyView = Meta & { readonly live: LiveObject };
