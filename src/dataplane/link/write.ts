import type { DeviceName, Operation } from '../../mesh/model.ts';
import type { Run } from '../exec.ts';
import { ROUTE_PROTOCOL } from './marks.ts';

/** The operations that `ip` carries out on a link that is there. */
export type LinkChange = Extract<
  Operation,
  { readonly type: 'SetMtu' | 'AddAddress' | 'RemoveAddress' | 'LinkUp' | 'AddRoute' | 'RemoveRoute' }
>;

/**
 * Carries out the changes in order, in one process; stops at the first that fails. `add`, never `replace`: what is
 * there already and not ours must not be overwritten.
 */
export async function changeLink(
  { device, changes }: { readonly device: DeviceName; readonly changes: readonly LinkChange[] },
  deps: { readonly run: Run; readonly signal: AbortSignal },
): Promise<void> {
  const input = changes.map((change) => `${lineOf(device, change)}\n`).join('');
  await deps.run('ip', ['-batch', '-'], { input, signal: deps.signal });
}

function lineOf(device: DeviceName, change: LinkChange): string {
  switch (change.type) {
    case 'SetMtu':
      return `link set dev ${device} mtu ${change.mtu}`;
    case 'AddAddress':
      // Duplicate address detection would hold the address back for a second and has nobody to ask here.
      return `address add ${change.address} dev ${device}${change.address.includes(':') ? ' nodad' : ''}`;
    case 'RemoveAddress':
      return `address del ${change.address} dev ${device}`;
    case 'LinkUp':
      return `link set dev ${device} up`;
    case 'AddRoute':
      return `route add ${change.prefix} dev ${device} proto ${ROUTE_PROTOCOL}`;
    case 'RemoveRoute':
      return `route del ${change.prefix} dev ${device} proto ${ROUTE_PROTOCOL}`;
  }
}
