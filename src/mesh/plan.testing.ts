import type { CurrentDevice, DesiredDevice, DeviceName, Operation, Prefix, PublicKey } from './model.ts';

/** A device without counters: enough to apply operations to, in memory, as WireGuard does. */
export interface Model {
  alias: string;
  mtu: number;
  up: boolean;
  publicKey: PublicKey | undefined;
  listenPort: number;
  addresses: Set<Prefix>;
  routes: Set<Prefix>;
  peers: Map<PublicKey, Set<Prefix>>;
}

/** The model after one operation; throws where Linux would refuse it. */
export function apply(before: Model | undefined, operation: Operation): Model | undefined {
  if (operation.type === 'DeleteLink') return undefined;
  if (operation.type === 'CreateLink') return { ...empty(), alias: operation.alias, mtu: operation.mtu };
  if (before === undefined) throw new Error(`${operation.type} without a link`);
  const state = structuredClone(before);
  change(state, operation);
  return state;
}

/* oxlint-disable-next-line complexity -- one case an operation */
function change(state: Model, operation: Exclude<Operation, { type: 'DeleteLink' | 'CreateLink' }>): void {
  switch (operation.type) {
    case 'SetMtu':
      state.mtu = operation.mtu;
      break;
    case 'SetKey':
      state.publicKey = operation.publicKey;
      break;
    case 'SetListenPort':
      state.listenPort = operation.listenPort;
      break;
    case 'AddAddress':
      state.addresses.add(operation.address);
      break;
    case 'RemoveAddress':
      state.addresses.delete(operation.address);
      break;
    case 'LinkUp':
      state.up = true;
      break;
    case 'AddRoute':
      if (!state.up) throw new Error('a route needs the link up');
      state.routes.add(operation.prefix);
      break;
    case 'RemoveRoute':
      state.routes.delete(operation.prefix);
      break;
    case 'AddPeer':
      state.peers.set(operation.peer.publicKey, new Set());
      give(state, operation.peer.publicKey, operation.peer.allowedIPs);
      break;
    case 'RemovePeer':
      state.peers.delete(operation.publicKey);
      break;
    case 'AddAllowedIPs':
      give(state, operation.publicKey, operation.allowedIPs);
      break;
    case 'RemoveAllowedIPs':
      for (const prefix of operation.allowedIPs) state.peers.get(operation.publicKey)?.delete(prefix);
      break;
  }
}

/** Unlike WireGuard, which would move it, refuses an AllowedIP that another peer has. */
function give(state: Model, publicKey: PublicKey, allowedIPs: readonly Prefix[]): void {
  for (const prefix of allowedIPs) {
    for (const held of state.peers.values()) if (held.has(prefix)) throw new Error(`${prefix} is taken`);
    state.peers.get(publicKey)?.add(prefix);
  }
}

function empty(): Model {
  return {
    alias: '',
    mtu: 0,
    up: false,
    publicKey: undefined,
    listenPort: 0,
    addresses: new Set(),
    routes: new Set(),
    peers: new Map(),
  };
}

export function modelOf(device: DesiredDevice, up: boolean): Model {
  return {
    alias: device.alias,
    mtu: device.mtu,
    up,
    publicKey: device.publicKey,
    listenPort: device.listenPort,
    addresses: new Set(device.addresses),
    routes: up ? new Set(device.routes) : new Set(),
    peers: new Map([...device.peers].map(([key, { allowedIPs }]) => [key, new Set(allowedIPs)])),
  };
}

export function currentOf({ publicKey, ...model }: Model): CurrentDevice {
  return {
    name: 'pw-00000001' as DeviceName,
    implementation: 'Kernel',
    ...model,
    ...(publicKey === undefined ? {} : { publicKey }),
    addresses: [...model.addresses],
    routes: [...model.routes],
    peers: new Map(
      [...model.peers].map(([key, prefixes]) => [
        key,
        { publicKey: key, allowedIPs: [...prefixes], rxBytes: 0, txBytes: 0 },
      ]),
    ),
  };
}
