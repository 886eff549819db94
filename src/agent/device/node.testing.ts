import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { scriptedSource } from '../../kube/fake.ts';
import type { Again } from '../../kube/worker.ts';
import type { DeviceName } from '../../mesh/model.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import type { Secret } from '../../runtime/secret.ts';
import { NodeWorld } from '../world/node-world.ts';
import type { PeerView } from '../world/views.ts';
import { DeviceMemories } from './device-memory.ts';
import { NodeFirewall } from './firewall.ts';
import { SealedKeys } from './gateway-key.ts';
import { node } from './gateway.testing.ts';
import { Names } from './names.ts';
import { NodeNetworks } from './node-networks.ts';
import { Observations } from './observations.ts';
import { reconcileDevice } from './reconcile.ts';

/** A node with one agent process, whose passes and clock a test drives. */
export class TestNode {
  readonly clock = fakeClock();
  readonly dataplane = new FakeDataplane();
  /** Devices that were to be looked at again because a name was looked up. */
  readonly answered: DeviceName[] = [];
  readonly signal = new AbortController().signal;
  observations = new Observations();
  world: NodeWorld;
  firewall: NodeFirewall;
  memories: DeviceMemories;
  networks: NodeNetworks;
  readonly #keys: SealedKeys;
  #version = 10;

  constructor(identity: Secret) {
    this.#keys = new SealedKeys({ node, identity });
    ({
      world: this.world,
      firewall: this.firewall,
      memories: this.memories,
      networks: this.networks,
    } = this.#process());
  }

  /** Another process takes over: it knows nothing of what this one remembered. */
  restart(): void {
    this.observations = new Observations();
    Object.assign(this, this.#process());
  }

  configure(...gateways: readonly ConfiguredGateway[]): void {
    this.world.configure(gateways, this.signal);
  }

  /** These are all peers of the gateway. */
  sync(device: DeviceName, ...peers: readonly PeerView[]): void {
    const store = this.world.gateway(device)?.peers;
    this.apply(device, ...peers);
    store?.listed(new Set(peers.map(({ uid }) => uid)), String(++this.#version));
  }

  /** These peers changed. */
  apply(device: DeviceName, ...peers: readonly PeerView[]): void {
    const store = this.world.gateway(device)?.peers;
    for (const peer of peers) store?.apply({ ...peer, resourceVersion: String(++this.#version) });
  }

  pass(device: DeviceName, keys = this.#keys): Promise<Again | void> {
    const { world, dataplane, firewall, networks, memories, observations, clock } = this;
    const deps = { world, dataplane, firewall, keys, networks, memories, observations, clock };
    return reconcileDevice(device, deps, this.signal);
  }

  /** What was done since the last question. */
  done(): string[] {
    return this.dataplane.done.splice(0).map(({ operation }) => operation.type);
  }

  problems(device: DeviceName): string[] | undefined {
    return this.observations.get(device)?.problems.map(({ code }) => code);
  }

  #process() {
    const { dataplane, clock, observations } = this;
    const names = new Names({ dataplane, clock, onAnswer: (device) => this.answered.push(device) });
    return {
      world: new NodeWorld({ client: scriptedSource([]), clock, log: fakeLog(), onChange: () => undefined }),
      firewall: new NodeFirewall({ dataplane }),
      memories: new DeviceMemories({ dataplane, names, clock }),
      networks: new NodeNetworks({ dataplane, apiServer: 'https://10.96.0.1:443', observations, clock }),
    };
  }
}
