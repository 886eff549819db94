import { deviceName } from '../../src/mesh/device.ts';
import type { ClusterNode, Lab } from '../../tools/lab/lab.ts';
import { gateways, peers, type Gateway, type Peer } from '../support/cluster.ts';
import { clientConfig, Mesh, reaches } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';
import { BEHIND_CLIENTS, GATEWAYS, type ClientName, type GatewayName } from './reachability-addresses.ts';
import { sh, startMachines, type MachineMaker, type Machines } from './reachability-machines.ts';

const namespace = 'net';
/** An address is free as soon as its peer is gone. */
const QUARANTINE_SECONDS = '0';

/** The machines of `reachability-machines.ts` around a node of a cluster, and everything of ours made by Peerwright. */
export class ReachabilityCluster implements Machines, AsyncDisposable {
  readonly mesh: Mesh;
  readonly node: ClusterNode;
  readonly machines: Machines['machines'];
  readonly clients: Machines['clients'];

  private constructor(mesh: Mesh, node: ClusterNode, { machines, clients }: Machines) {
    this.mesh = mesh;
    this.node = node;
    this.machines = machines;
    this.clients = clients;
  }

  /** Two gateways on one node with all their peers, and everything Ready. */
  static async start(prefix: string): Promise<ReachabilityCluster> {
    await using stack = new AsyncDisposableStack();
    const mesh = stack.use(await Mesh.start(prefix));
    await mesh.lab.addOperator(['--quarantine-seconds', QUARANTINE_SECONDS]);
    const machines = await startMachines(makerIn(mesh.lab));
    const [node] = mesh.lab.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    const cluster = new ReachabilityCluster(mesh, node, machines);
    await mesh.cluster.namespace(namespace);
    for (const { name, rules } of GATEWAYS) {
      const pools = rules.pools.map((cidr) => ({ cidr }));
      const spec = { pools, routes: [...rules.routes], allowedPeerRoutes: [...rules.peerRoutes] };
      await mesh.cluster.gateway({ namespace, name }, spec);
    }
    for (const { name, peers: members } of GATEWAYS) {
      await mesh.cluster.ready(gateways, { namespace, name }, 60_000);
      await Promise.all(members.map(({ client }) => cluster.join(client)));
    }
    stack.move();
    return cluster;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.mesh[Symbol.asyncDispose]();
  }

  /** Changes the spec of a gateway; resolves when it is Ready as changed. */
  async changeGateway(name: GatewayName, spec: Partial<Gateway['spec']>): Promise<void> {
    await this.mesh.cluster.patch(gateways, { namespace, name }, { spec });
    await this.mesh.cluster.ready(gateways, { namespace, name });
  }

  /** Changes the spec of a peer; resolves when it is Ready as changed. */
  async changePeer(name: ClientName, spec: Partial<Peer['spec']>): Promise<void> {
    await this.mesh.cluster.patch(peers, { namespace, name }, { spec });
    await this.mesh.cluster.ready(peers, { namespace, name });
  }

  /** Makes a peer with the addresses and routes that `GATEWAYS` gives it, and brings its tunnel up. */
  async join(name: ClientName): Promise<void> {
    const { gateway, peer } = memberOf(name);
    const { publicKey } = this.clients[name];
    const addresses = peer.addresses.map((prefix) => prefix.slice(0, prefix.indexOf('/')));
    const spec = { gatewayRef: { name: gateway.name }, publicKey, addresses, routes: [...peer.routes] };
    await this.mesh.cluster.peer({ namespace, name }, spec);
    const ready = await this.mesh.cluster.ready(peers, { namespace, name });
    const config = clientConfig(ready, await this.mesh.cluster.get(gateways, { namespace, name: gateway.name }));
    await this.clients[name].configure({ ...config, peer: { ...config.peer, allowedIPs: BEHIND_CLIENTS } });
    for (const address of gateway.rules.addresses) await reaches(this.clients[name], address.replace(/\/.*/, ''));
  }

  /** Deletes a peer; resolves when it is off the device. Its machine forgets the session, and would make a new one. */
  async leave(name: ClientName): Promise<void> {
    const device = await this.deviceOf(memberOf(name).gateway.name);
    const { publicKey, node } = this.clients[name];
    await this.mesh.cluster.remove(peers, { namespace, name });
    const isOff = async () => !(await sh(this.machines.node, `wg show ${device} peers`)).includes(publicKey);
    await waitFor(isOff, { what: `peer ${name} is off the device`, timeoutMs: 5_000 });
    await sh(node, 'wg set wg0 peer "$(wg show wg0 peers)" remove');
  }

  /** Our table on the node, as nft lists it; empty when there is none. */
  async table(): Promise<string> {
    return (await this.machines.node.exec(['nft', 'list', 'table', 'inet', 'peerwright'])).stdout;
  }

  /** Deletes a gateway; resolves with the name of its device when it is gone. */
  async removeGateway(name: string): Promise<string> {
    const device = await this.deviceOf(name);
    await this.mesh.cluster.remove(gateways, { namespace, name });
    const isGone = async () => (await this.mesh.cluster.find(gateways, { namespace, name })) === undefined;
    await waitFor(isGone, { what: `gateway ${name} is gone` });
    return device;
  }

  /** Of a gateway that is there. */
  async deviceOf(name: string): Promise<string> {
    return deviceName((await this.mesh.cluster.get(gateways, { namespace, name })).metadata.uid ?? '');
  }
}

function memberOf(name: ClientName) {
  for (const gateway of GATEWAYS) {
    const peer = gateway.peers.find(({ client }) => client === name);
    if (peer !== undefined) return { gateway, peer };
  }
  throw new Error(`${name} is a peer of no gateway`);
}

function makerIn(lab: Lab): MachineMaker {
  return {
    node: async (name) => (await lab.addNode(name)).node,
    client: (name, options) => lab.addClient(name, options),
    lan: (behind, options) => lab.addLan(behind, options),
  };
}
