import type { DeviceName, Operation, PublicKey } from '../mesh/model.ts';
import type { Dataplane } from './port.ts';

/** One operation that was carried out, without any secret. */
export interface TracedOperation {
  readonly device: DeviceName;
  readonly type: Operation['type'];
  /** The peer it was about, for operations on peers. */
  readonly peer?: PublicKey;
}

/** The same data plane, telling `sink` of each operation just before it is handed on. */
export function traced(dataplane: Dataplane, sink: (operation: TracedOperation) => void): Dataplane {
  return {
    list: (signal) => dataplane.list(signal),
    read: (device, signal) => dataplane.read(device, signal),
    firewall: (rules, signal) => dataplane.firewall(rules, signal),
    nodeNetworks: (signal) => dataplane.nodeNetworks(signal),
    underlayMtu: (remotes, signal) => dataplane.underlayMtu(remotes, signal),
    forwarding: (signal) => dataplane.forwarding(signal),
    portHolder: (asked, signal) => dataplane.portHolder(asked, signal),
    resolve: (host, signal) => dataplane.resolve(host, signal),
    apply: (plan, keys, signal) => {
      for (const operation of plan.operations)
        sink({ device: plan.device, type: operation.type, ...peerOf(operation) });
      return dataplane.apply(plan, keys, signal);
    },
  };
}

function peerOf(operation: Operation): { readonly peer?: PublicKey } {
  switch (operation.type) {
    case 'AddPeer':
      return { peer: operation.peer.publicKey };
    case 'RemovePeer':
    case 'SetPresharedKey':
    case 'SetEndpoint':
    case 'SetKeepalive':
    case 'AddAllowedIPs':
    case 'RemoveAllowedIPs':
      return { peer: operation.publicKey };
    default:
      return {};
  }
}
