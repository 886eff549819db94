import type { Endpoint } from '../../api/v1alpha1/gateway.ts';
import { parseAddress } from '../../mesh/ip/address.ts';
import type { NodeView } from '../world/views.ts';

/** What clients dial, `host:port`: as asked for, else the node's ExternalIP, else its InternalIP, and the listen port. */
export function endpointOf(
  asked: Endpoint | undefined,
  node: NodeView | undefined,
  listenPort: number,
): string | undefined {
  if (asked) return `${bracketed(asked.host)}:${asked.port}`;
  const host = addressOfType(node, 'ExternalIP') ?? addressOfType(node, 'InternalIP');
  return host && `${bracketed(host)}:${listenPort}`;
}

function addressOfType(node: NodeView | undefined, type: string): string | undefined {
  const found = node?.addresses.find((entry) => entry.type === type && parseAddress(entry.address));
  return found?.address;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
