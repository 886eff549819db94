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
    apply: (plan, privateKeyOf, signal) => {
      for (const operation of plan.operations)
        sink({ device: plan.device, type: operation.type, ...peerOf(operation) });
      return dataplane.apply(plan, privateKeyOf, signal);
    },
  };
}

function peerOf(operation: Operation): { readonly peer?: PublicKey } {
  switch (operation.type) {
    case 'AddPeer':
      return { peer: operation.peer.publicKey };
    case 'RemovePeer':
    case 'AddAllowedIPs':
    case 'RemoveAllowedIPs':
      return { peer: operation.publicKey };
    default:
      return {};
  }
}
