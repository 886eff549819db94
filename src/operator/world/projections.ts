import type { Parsed } from '../../api/kind.ts';
import {
  WireGuardAddressBlock,
  WireGuardGateway,
  WireGuardNodeConfig,
  WireGuardNodeReport,
  WireGuardPeer,
} from '../../api/v1alpha1/index.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Lease, Node, ServiceCIDR } from '../../kube/resources.ts';
import { checkBlock } from '../../mesh/checks/block.ts';
import type * as kinds from './kinds.ts';
import type {
  BlockView,
  GatewayView,
  LeaseView,
  Meta,
  NodeConfigView,
  NodeView,
  PeerView,
  PolicyView,
  Readable,
  ReportView,
  ServiceCIDRView,
} from './views.ts';

export function gateway(object: kinds.GatewayObject): GatewayView {
  return { ...metaOf(object), ...readable(WireGuardGateway.parse(object)), status: object.status ?? {} };
}

export function peer(object: kinds.PeerObject): PeerView {
  const meta = metaOf(object);
  const name = object.spec?.gatewayRef?.name;
  return {
    ...meta,
    ...readable(WireGuardPeer.parse(object)),
    gatewayKey: name ? `${meta.namespace}/${name}` : '',
    status: object.status ?? {},
  };
}

/** A block that contradicts its name is as unreadable as one that does not fit its schema. */
export function block(object: kinds.BlockObject): BlockView {
  const meta = metaOf(object);
  const read = readable(WireGuardAddressBlock.parse(object));
  const invalid = read.spec && checkBlock({ name: meta.name, ...read.spec });
  return invalid ? { ...meta, invalid } : { ...meta, ...read };
}

export function nodeConfig(object: kinds.NodeConfigObject): NodeConfigView {
  return { ...metaOf(object), ...readable(WireGuardNodeConfig.parse(object)) };
}

/** A report's name is `sNNN.<node>`; admission ties the node in it to the agent that wrote it. */
export function report(object: kinds.ReportObject): ReportView {
  const meta = metaOf(object);
  const shard = Number.parseInt(meta.name.slice(1, 4), 10);
  return { ...meta, ...readable(WireGuardNodeReport.parse(object)), nodeName: meta.name.slice(5), shard };
}

export function node(object: Node): NodeView {
  const { labels = {} } = object.metadata;
  const { podCIDR, podCIDRs, unschedulable } = object.spec ?? {};
  return {
    ...metaOf(object),
    labels,
    schedulable: unschedulable !== true,
    podCIDRs: podCIDRs ?? (podCIDR ? [podCIDR] : []),
    addresses: object.status?.addresses ?? [],
  };
}

export function serviceCIDR(object: ServiceCIDR): ServiceCIDRView {
  return { ...metaOf(object), cidrs: object.spec?.cidrs ?? [] };
}

export function lease(object: Lease): LeaseView {
  return { ...metaOf(object), renewTime: object.spec?.renewTime ?? '' };
}

/** Also for bindings. */
export function policy(object: KubeObject & { spec?: Record<string, unknown> }): PolicyView {
  const { name, deletionTimestamp } = object.metadata;
  const metadata = { name, ...(deletionTimestamp && { deletionTimestamp }) };
  return { ...metaOf(object), live: { metadata, spec: object.spec ?? {} } };
}

export function metaOf({ metadata }: KubeObject): Meta {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    generation: metadata.generation ?? 0,
    creationTimestamp: metadata.creationTimestamp ?? '',
  };
}

function readable<Spec>(parsed: Parsed<{ spec: Spec }>): Readable<Spec> {
  if (parsed.ok) return { spec: parsed.value.spec };
  const [first] = parsed.problems;
  return { invalid: first ?? { code: 'InvalidObject', message: 'The object does not fit its schema.' } };
}
