import type { NodeIdentity } from '../../api/v1alpha1/node-config.ts';
import type { NodeReportSpec } from '../../api/v1alpha1/node-report.ts';
import type { KeyDelivery } from '../key-delivery.ts';
import type { NodeConfigView, NodeView } from '../world/views.ts';

export interface IdentitySources {
  readonly config: NodeConfigView | undefined;
  /** The node's own facts, as its agent reported them. */
  readonly report: NodeReportSpec | undefined;
  readonly delivery: KeyDelivery;
}

/**
 * The identity to which a node's keys are sealed.
 *
 * | pinned for this Node object | agent shows          | policies | result             |
 * |---|---|---|---|
 * | yes                         | anything             | any      | what is pinned     |
 * | no, or for an older Node    | one for this Node    | in force | pin what it shows  |
 * | no, or for an older Node    | one for this Node    | not      | undefined: not yet |
 * | no, or for an older Node    | none, another Node's | any      | undefined: not yet |
 */
export function identityFor(node: NodeView, { config, report, delivery }: IdentitySources): NodeIdentity | undefined {
  const pinned = config?.spec?.identity;
  if (pinned?.nodeUID === node.uid) return pinned;
  if (delivery.kind !== 'InForce' || report?.nodeUID !== node.uid || !report.recipient) return undefined;
  return { nodeUID: node.uid, recipient: report.recipient };
}
