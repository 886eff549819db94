import type {
  CurrentDevice,
  CurrentPeer,
  DesiredDevice,
  DesiredPeer,
  DeviceName,
  KeyFingerprint,
  Operation,
  Prefix,
  PublicKey,
} from './model.ts';

/** A device without counters: enough to apply operations to, in memory, as WireGuard does. */
export interface Model {
  alias: string;
  mtu: number;
  up: boolean;
  publicKey: PublicKey | undefined;
  listenPort: number;
  addresses: Set<Prefix>;
  routes: Set<Prefix>;
  peers: Map<PublicKey, ModelPeer>;
}

export interface ModelPeer {
  readonly allowedIPs: Set<Prefix>;
  presharedKey: KeyFingerprint | undefined;
  endpoint: string | undefined;
  keepalive: number;
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
      state.peers.set(operation.peer.publicKey, { ...modelPeer(operation.peer), allowedIPs: new Set() });
      give(state, operation.peer.publicKey, operation.peer.allowedIPs);
      break;
    case 'RemovePeer':
      state.peers.delete(operation.publicKey);
      break;
    case 'AddAllowedIPs':
      give(state, operation.publicKey, operation.allowedIPs);
      break;
    case 'RemoveAllowedIPs':
      for (const prefix of operation.allowedIPs) peerOf(state, operation).allowedIPs.delete(prefix);
      break;
    case 'SetPresharedKey':
      peerOf(state, operation).presharedKey = operation.presharedKey === 'none' ? undefined : operation.presharedKey;
      break;
    case 'SetEndpoint':
      peerOf(state, operation).endpoint = operation.endpoint;
      break;
    case 'SetKeepalive':
      peerOf(state, operation).keepalive = operation.persistentKeepaliveSeconds;
      break;
  }
}

/** Unlike WireGuard, which would move it, refuses an AllowedIP that another peer has. */
function give(state: Model, publicKey: PublicKey, allowedIPs: readonly Prefix[]): void {
  for (const prefix of allowedIPs) {
    for (const { allowedIPs: held } of state.peers.values())
      if (held.has(prefix)) throw new Error(`${prefix} is taken`);
    peerOf(state, { publicKey }).allowedIPs.add(prefix);
  }
}

function peerOf(state: Model, { publicKey }: { readonly publicKey: PublicKey }): ModelPeer {
  const peer = state.peers.get(publicKey);
  if (peer === undefined) throw new Error(`there is no peer ${publicKey}`);
  return peer;
}

function modelPeer({
  allowedIPs,
  presharedKey,
  endpoint,
  persistentKeepaliveSeconds: keepalive,
}: DesiredPeer): ModelPeer {
  return { allowedIPs: new Set(allowedIPs), presharedKey, endpoint, keepalive };
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
    peers: new Map([...device.peers].map(([key, peer]) => [key, modelPeer(peer)])),
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
    peers: new Map([...model.peers].map(([key, peer]) => [key, currentPeer(key, peer)])),
  };
}

function currentPeer(publicKey: PublicKey, { allowedIPs, presharedKey, endpoint, keepalive }: ModelPeer): CurrentPeer {
  return {
    publicKey,
    allowedIPs: [...allowedIPs],
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(endpoint === undefined ? {} : { endpoint }),
    persistentKeepaliveSeconds: keepalive,
    rxBytes: 0,
    txBytes: 0,
  };
}
