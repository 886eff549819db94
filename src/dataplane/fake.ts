import { isIP } from 'node:net';
import { contains, lengthOf } from '../mesh/ip/prefix.ts';
import type {
  Address,
  CurrentDevice,
  CurrentPeer,
  DeviceName,
  DevicePlan,
  Operation,
  Prefix,
  PublicKey,
} from '../mesh/model.ts';
import type { Problem } from '../mesh/problem.ts';
import { changeDevice, setPeer } from './fake-device.ts';
import type { FakeDevice } from './fake-device.ts';
import { conflict } from './link/lifecycle.ts';
import type { Dataplane, FirewallRules, KeysOf, NodeNetwork, ReadResult } from './port.ts';
import { publicKeyOf } from './wireguard/codec.ts';

/** Linux in memory, with WireGuard's quirks. Fields that start with `break` make the next calls fail. */
export class FakeDataplane implements Dataplane {
  readonly devices = new Map<DeviceName, FakeDevice>();
  /** Interfaces of others, by name. */
  readonly foreign = new Set<string>();
  readonly foreignRoutes = new Set<Prefix>();
  /** Addresses and resolvers of the node, and whatever else `nodeNetworks` is to name. */
  readonly networks: NodeNetwork[] = [];
  /** UDP ports that somebody else listens on, and who. */
  readonly takenPorts = new Map<number, string>();
  /** Interfaces by the networks that lead to them; `0.0.0.0/0` and `::/0` are default routes. */
  readonly uplinks: { readonly network: Prefix; readonly mtu: number }[] = [];
  forwards = { ipv4: true, ipv6: true };
  /** What DNS knows. */
  readonly names = new Map<string, readonly string[]>();
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

  async apply(plan: DevicePlan, keys: KeysOf): Promise<readonly Problem[]> {
    for (const operation of plan.operations) {
      const problem = this.#carryOut(plan.device, operation, keys);
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

  async nodeNetworks(): Promise<readonly NodeNetwork[]> {
    const routes = [...this.foreignRoutes].map((prefix): NodeNetwork => ({
      prefix,
      what: `the route ${prefix} via eth0`,
      kind: 'Route',
    }));
    return [...routes, ...this.networks];
  }

  async underlayMtu(remotes: readonly string[]): Promise<number | undefined> {
    const ways = remotes.length === 0 ? this.uplinks.filter(isDefault) : remotes.flatMap((each) => this.#wayTo(each));
    return ways.length === 0 ? undefined : Math.min(...ways.map(({ mtu }) => mtu));
  }

  async forwarding(): Promise<{ readonly ipv4: boolean; readonly ipv6: boolean }> {
    return this.forwards;
  }

  async portHolder({ port, device }: Parameters<Dataplane['portHolder']>[0]): Promise<string | undefined> {
    const others = [...this.devices].filter(
      ([name, { up, listenPort }]) => name !== device && up && listenPort === port,
    );
    return others[0] === undefined ? this.takenPorts.get(port) : `the WireGuard interface ${others[0][0]}`;
  }

  async resolve(host: string): Promise<readonly string[]> {
    return isIP(host) === 0 ? (this.names.get(host) ?? []) : [host];
  }

  /** As if the peer had sent an authenticated packet: what a plan must not disturb. */
  handshake(name: DeviceName, publicKey: PublicKey, seen: Seen): void {
    const device = this.devices.get(name);
    if (device !== undefined) setPeer(device, publicKey, seen);
  }

  #wayTo(remote: string): { readonly network: Prefix; readonly mtu: number }[] {
    const ways = this.uplinks.filter(({ network }) => contains(network, remote as Address));
    return ways.toSorted((a, b) => lengthOf(b.network) - lengthOf(a.network)).slice(0, 1);
  }

  #carryOut(name: DeviceName, operation: Operation, keys: KeysOf): Problem | undefined {
    if (operation.type === 'CreateLink') return this.#create(name, operation);
    if (operation.type === 'DeleteLink') {
      this.devices.delete(name);
      return undefined;
    }
    const device = this.devices.get(name);
    if (device === undefined) return failed(name, 'Cannot find device');
    if (operation.type === 'SetKey') {
      device.publicKey = publicKeyOf(keys.privateKey(operation.publicKey).reveal());
      device.peers.delete(device.publicKey);
      return undefined;
    }
    const refusal = this.#refusal(name, device, operation);
    if (refusal === undefined) changeDevice(device, operation, keys);
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

type Seen = Pick<CurrentPeer, 'endpoint' | 'lastHandshakeMs' | 'rxBytes' | 'txBytes'>;

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

function isDefault({ network }: { readonly network: Prefix }): boolean {
  return lengthOf(network) === 0;
}

function failed(device: DeviceName, message: string): Problem {
  return { code: 'DeviceFailed', message: `${device}: ${message}` };
}
