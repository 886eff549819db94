import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { run, type Run } from '../../src/dataplane/exec.ts';
import { linuxDataplane } from '../../src/dataplane/linux.ts';
import type { Dataplane, DeviceRules } from '../../src/dataplane/port.ts';
import type { Prefix } from '../../src/mesh/model.ts';
import { planDevice } from '../../src/mesh/plan.ts';
import { startLabClient, type LabClient } from '../../tools/lab/client.ts';
import { startLabNetwork, type LabNetwork } from '../../tools/lab/network.ts';
import { startLabNode, type LabNode } from '../../tools/lab/node.ts';
import { keyPair, keysOf } from '../contract/world.ts';
import { waitFor } from '../support/wait.ts';
import { BEHIND_CLIENTS, GATEWAYS, type ClientName, type GatewayName } from './reachability-addresses.ts';
import { startMachines, type MachineMaker, type Machines } from './reachability-machines.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const signal = new AbortController().signal;

/** Changes to the rules of the two gateways. */
export type Change = { readonly [Name in GatewayName]?: Partial<Omit<DeviceRules, 'name'>> };

export interface ReachabilityWorld extends Machines, AsyncDisposable {
  /** Gives the firewall of the node its rules: `GATEWAYS` but for this change. */
  load(change?: Change): Promise<void>;
  /** From now on the firewall is loaded by somebody who does not know what is there: an agent that has started again. */
  restart(): void;
}

/** Two gateways on one node, real tunnels, and the firewall as in `GATEWAYS`. */
export async function startReachabilityWorld(prefix: string): Promise<ReachabilityWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'peerwright-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const network = stack.use(await startLabNetwork({ prefix }));
  const { machines, clients } = await startMachines(makerIn(network, folder));
  for (const machine of Object.values(machines)) stack.use(machine);
  const { node } = machines;
  const newDataplane = await dataplaneOn(node);
  let dataplane = newDataplane();
  const load = async (change: Change = {}): Promise<void> => {
    const devices = GATEWAYS.map((gateway) => ({ ...gateway.rules, ...change[gateway.name] }));
    expect(await dataplane.firewall({ devices }, signal)).toEqual([]);
  };
  await load();
  for (const gateway of GATEWAYS) await connect(gateway, { dataplane, clients, endpoint: node.spoke.v4 });
  const owned = stack.move();
  const restart = () => void (dataplane = newDataplane());
  return { machines, clients, load, restart, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function makerIn(network: LabNetwork, folder: string): MachineMaker {
  const inside = (name: string) => join(folder, name);
  return {
    node: async (name) => await startLabNode(await network.addSpoke(name, { forwards: true }), inside(name)),
    client: async (name, options) => await startLabClient(await network.addSpoke(name, options), inside(name)),
    lan: async (behind, options) => {
      const lan = await network.addLan(behind.spoke, options);
      return { addHost: async (name, host) => await startLabNode(await lan.addHost(name, host), inside(name)) };
    },
  };
}

/** What the agent does: `peerwright userspace` runs beside it. */
async function dataplaneOn(node: LabNode): Promise<() => Dataplane> {
  const log = join(node.folder, 'userspace.log');
  const program = [process.execPath, MAIN, 'userspace', '--log-level', 'warn'];
  const { pid } = await node.spawn(program, { stdout: log, stderr: log });
  const root = `/proc/${pid}/root/run`;
  const userspaceFolder = `${root}/peerwright/userspace`;
  await waitFor(() => existsSync(userspaceFolder), { what: 'the folder of peerwright userspace' });
  const enter = [`--target=${pid}`, '--net', '--mount', '--'];
  const inside: Run = (name, args, options) => run('nsenter', [...enter, name, ...args], options);
  return () => linuxDataplane({ userspaceFolder, uapiFolder: `${root}/wireguard`, run: inside });
}

interface Tunnels {
  readonly dataplane: Dataplane;
  readonly clients: Readonly<Record<ClientName, LabClient>>;
  /** Address of the node that clients dial. */
  readonly endpoint: string;
}

async function connect(gateway: (typeof GATEWAYS)[number], { dataplane, clients, endpoint }: Tunnels): Promise<void> {
  const key = keyPair();
  const { name, addresses, pools, peerRoutes, mtu } = gateway.rules;
  const peers = gateway.peers.map((peer) => ({
    publicKey: clients[peer.client].publicKey as typeof key.publicKey,
    allowedIPs: [...peer.addresses, ...peer.routes, ...peer.spoofable] as Prefix[],
    persistentKeepaliveSeconds: 0,
  }));
  const { publicKey } = key;
  const desired = {
    name,
    alias: `peerwright:net/${gateway.name}`,
    publicKey,
    listenPort: gateway.port,
    mtu,
    addresses,
    routes: [...pools, ...peerRoutes],
    peers: new Map(peers.map((peer) => [peer.publicKey, peer])),
  };
  // A device of userspace WireGuard may need another look before everything is on it.
  await waitFor(
    async () => {
      const found = await dataplane.read(name, signal);
      const plan = planDevice(found.state === 'ours' ? found.device : undefined, desired);
      return (await dataplane.apply(plan, keysOf(key), signal)).length === 0;
    },
    { what: `the device of ${gateway.name}` },
  );
  await Promise.all(
    gateway.peers.map(async (peer) => {
      const client = clients[peer.client];
      const server = { publicKey, endpoint: `${endpoint}:${gateway.port}`, allowedIPs: BEHIND_CLIENTS };
      await client.configure({ addresses: peer.addresses, peer: server });
      const [address = ''] = addresses.map((prefix) => prefix.slice(0, prefix.indexOf('/')));
      const pings = async () => (await client.ping(address, { count: 1 })).received === 1;
      await waitFor(pings, { what: `${peer.client} reaches its gateway` });
    }),
  );
}
