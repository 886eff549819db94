import type {
  CurrentDevice,
  CurrentPeer,
  DeviceName,
  DevicePlan,
  Operation,
  Prefix,
  PublicKey,
} from '../mesh/model.ts';
import type { Problem } from '../mesh/problem.ts';
import { conflict } from './link/lifecycle.ts';
import type { Dataplane, FirewallRules, PrivateKeyOf, ReadResult } from './port.ts';
import { publicKeyOf } from './wireguard/codec.ts';

interface FakeDevice {
  alias: string;
  up: boolean;
  mtu: number;
  publicKey: PublicKey | undefined;
  listenPort: number;
  addresses: Set<Prefix>;
  routes: Set<Prefix>;
  peers: Map<PublicKey, CurrentPeer>;
}

/** Linux in memory, with WireGuard's quirks. Fields that start with `break` make the next calls fail. */
export class FakeDataplane implements Dataplane {
  readonly devices = new Map<DeviceName, FakeDevice>();
  /** Interfaces of others, by name. */
  readonly foreign = new Set<string>();
  readonly foreignRoutes = new Set<Prefix>();
  /** UDP ports that somebody else listens on. */
  readonly takenPorts = new Set<number>();
  /** Rules in force; undefined while the table is absent. */
  rules: FirewallRules | undefined;
  /** Every operation that was carried out. */
  readonly done: { readonly device: DeviceName; readonly operation: Operation }[] = [];
  breakFirewall: Problem | undefined;
  breakCreate: Problem | undefined;

  async list(): Promise<readonly DeviceName[]> {
    return [...this.devices.keys()].toSorted();
  }

  async read(name: DeviceName): Promise<ReadResult> {
    if (this.foreign.has(name)) return { state: 'foreign', problem: conflict(name) };
    const found = this.devices.get(name);
    return found === undefined ? { state: 'absent' } : { state: 'ours', device: currentOf(name, found) };
  }

  async apply(plan: DevicePlan, privateKeyOf: PrivateKeyOf): Promise<readonly Problem[]> {
    for (const operation of plan.operations) {
      const problem = this.#carryOut(plan.device, operation, privateKeyOf);
      if (problem !== undefined) return [problem];
      this.done.push({ device: plan.device, operation });
    }
    return [];
  }

  async firewall(rules: FirewallRules): Promise<readonly Problem[]> {
    if (this.breakFirewall !== undefined) return [this.breakFirewall];
    this.rules = rules.devices.length === 0 ? undefined : rules;
    return [];
  }

  /** As if the peer had sent an authenticated packet: what a plan must not disturb. */
  handshake(name: DeviceName, publicKey: PublicKey, seen: Omit<CurrentPeer, 'publicKey' | 'allowedIPs'>): void {
    const peer = this.devices.get(name)?.peers.get(publicKey);
    if (peer !== undefined) this.devices.get(name)?.peers.set(publicKey, { ...peer, ...seen });
  }

  #carryOut(name: DeviceName, operation: Operation, privateKeyOf: PrivateKeyOf): Problem | undefined {
    if (operation.type === 'CreateLink') return this.#create(name, operation);
    if (operation.type === 'DeleteLink') {
      this.devices.delete(name);
      return undefined;
    }
    const device = this.devices.get(name);
    if (device === undefined) return failed(name, 'Cannot find device');
    if (operation.type === 'SetKey') {
      device.publicKey = publicKeyOf(privateKeyOf(operation.publicKey).reveal());
      device.peers.delete(device.publicKey);
      return undefined;
    }
    const refusal = this.#refusal(name, device, operation);
    if (refusal === undefined) change(device, operation);
    return refusal;
  }

  #create(name: DeviceName, { alias, mtu }: Extract<Operation, { type: 'CreateLink' }>): Problem | undefined {
    if (this.foreign.has(name) || this.devices.has(name)) return conflict(name);
    if (this.breakCreate !== undefined) return this.breakCreate;
    const empty = { up: false, publicKey: undefined, listenPort: 0 };
    this.devices.set(name, { alias, mtu, ...empty, addresses: new Set(), routes: new Set(), peers: new Map() });
    return undefined;
  }

  #refusal(name: DeviceName, device: FakeDevice, operation: Operation): Problem | undefined {
    const guarded = this.rules?.devices.some((rule) => rule.name === name) === true;
    if (operation.type === 'LinkUp' && !guarded) {
      return { code: 'FirewallUnavailable', message: `${name} stays down, because no firewall table names it.` };
    }
    if (operation.type === 'SetListenPort' && this.takenPorts.has(operation.listenPort)) {
      return failed(name, 'Address already in use');
    }
    if (operation.type !== 'AddRoute') return undefined;
    if (!device.up) return failed(name, 'Network is down');
    return this.foreignRoutes.has(operation.prefix)
      ? failed(name, `the route ${operation.prefix} is taken`)
      : undefined;
  }
}

type Change = Exclude<Operation, { readonly type: 'CreateLink' | 'DeleteLink' | 'SetKey' }>;

const CHANGES: {
  readonly [Type in Change['type']]: (device: FakeDevice, change: Extract<Change, { type: Type }>) => unknown;
} = {
  SetMtu: (device, { mtu }) => (device.mtu = mtu),
  SetListenPort: (device, { listenPort }) => (device.listenPort = listenPort),
  AddAddress: (device, { address }) => device.addresses.add(address),
  RemoveAddress: (device, { address }) => device.addresses.delete(address),
  LinkUp: (device) => (device.up = true),
  AddRoute: (device, { prefix }) => device.routes.add(prefix),
  RemoveRoute: (device, { prefix }) => device.routes.delete(prefix),
  AddPeer: (device, { peer }) => {
    // WireGuard ignores its own key as a peer without a word.
    if (peer.publicKey === device.publicKey) return;
    const fresh = { publicKey: peer.publicKey, allowedIPs: [], rxBytes: 0, txBytes: 0 };
    device.peers.set(peer.publicKey, device.peers.get(peer.publicKey) ?? fresh);
    give(device, peer.publicKey, peer.allowedIPs);
  },
  RemovePeer: (device, { publicKey }) => device.peers.delete(publicKey),
  AddAllowedIPs: (device, { publicKey, allowedIPs }) => give(device, publicKey, allowedIPs),
  RemoveAllowedIPs: (device, { allowedIPs }) => take(device, allowedIPs),
};

function change<Type extends Change['type']>(device: FakeDevice, operation: Extract<Change, { type: Type }>): void {
  const carryOut = CHANGES[operation.type] as (device: FakeDevice, operation: Change) => unknown;
  carryOut(device, operation);
}

/** The last writer of an AllowedIP has it, and who had it before does not get it back. */
function give(device: FakeDevice, publicKey: PublicKey, allowedIPs: readonly Prefix[]): void {
  if (!device.peers.has(publicKey)) return;
  take(device, allowedIPs);
  const peer = device.peers.get(publicKey);
  if (peer === undefined) return;
  device.peers.set(publicKey, { ...peer, allowedIPs: [...peer.allowedIPs, ...allowedIPs].toSorted() });
}

/** From whoever has them: the real one gives them to a throw-away peer and removes that. */
function take(device: FakeDevice, allowedIPs: readonly Prefix[]): void {
  const gone = new Set(allowedIPs);
  for (const [key, peer] of device.peers) {
    if (!peer.allowedIPs.some((prefix) => gone.has(prefix))) continue;
    device.peers.set(key, { ...peer, allowedIPs: peer.allowedIPs.filter((prefix) => !gone.has(prefix)) });
  }
}

function currentOf(name: DeviceName, { publicKey, ...device }: FakeDevice): CurrentDevice {
  return {
    name,
    implementation: 'Userspace',
    ...device,
    ...(publicKey === undefined ? {} : { publicKey }),
    addresses: [...device.addresses].toSorted(),
    routes: [...device.routes].toSorted(),
    peers: new Map(device.peers),
  };
}

function failed(device: DeviceName, message: string): Problem {
  return { code: 'DeviceFailed', message: `${device}: ${message}` };
}
