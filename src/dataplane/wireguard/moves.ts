import type { Prefix } from '../../mesh/model.ts';
import type { WireGuardChange } from './wireguard.ts';

/**
 * The same changes without the removals of AllowedIPs that another peer gets later on among them. WireGuard moves such a
 * one to its new holder in a single step, so that no packet finds it without one.
 */
export function movedInOneStep(changes: readonly WireGuardChange[]): WireGuardChange[] {
  const given = new Set<Prefix>();
  const kept: WireGuardChange[] = [];
  for (const change of changes.toReversed()) {
    for (const prefix of givenBy(change)) given.add(prefix);
    const left = change.type === 'RemoveAllowedIPs' ? withoutGiven(change, given) : change;
    if (left !== undefined) kept.push(left);
  }
  return kept.toReversed();
}

type Removal = Extract<WireGuardChange, { readonly type: 'RemoveAllowedIPs' }>;

function withoutGiven(removal: Removal, given: ReadonlySet<Prefix>): Removal | undefined {
  const allowedIPs = removal.allowedIPs.filter((prefix) => !given.has(prefix));
  return allowedIPs.length === 0 ? undefined : { ...removal, allowedIPs };
}

function givenBy(change: WireGuardChange): readonly Prefix[] {
  if (change.type === 'AddPeer') return change.peer.allowedIPs;
  return change.type === 'AddAllowedIPs' ? change.allowedIPs : [];
}
