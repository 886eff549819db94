import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '../../src/keys/key-pair.ts';
import type { ObjectRef } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resources.ts';
import type { LabClient } from '../../tools/lab/client.ts';
import { Lab } from '../../tools/lab/lab.ts';
import { leaks } from './canary.ts';
import { Cluster, gateways, peers, type Gateway, type Peer } from './cluster.ts';
import { waitFor } from './wait.ts';

/** A lab with one client of its API server; started once per test file. */
export class Mesh implements AsyncDisposable {
  readonly lab: Lab;
  readonly cluster: Cluster;

  private constructor(lab: Lab, cluster: Cluster) {
    this.lab = lab;
    this.cluster = cluster;
  }

  static async start(prefix: string): Promise<Mesh> {
    const folder = await mkdtemp(join(tmpdir(), 'peerwright-'));
    const lab = await Lab.start({ prefix, folder });
    return new Mesh(lab, await Cluster.connect(lab.controlPlane));
  }

  /** Makes a peer for a client, waits until it is Ready, and brings the client's tunnel up. */
  async join(client: LabClient, peer: { namespace: string; name: string }, gatewayName: string): Promise<Peer> {
    const spec = { gatewayRef: { name: gatewayName }, publicKey: client.publicKey };
    await this.cluster.peer(peer, spec);
    const ready = await this.cluster.ready(peers, peer);
    const gateway = await this.cluster.ready(gateways, { namespace: peer.namespace, name: gatewayName });
    await client.configure(clientConfig(ready, gateway));
    return ready;
  }

  /** Makes a peer with a key of the operator's, and brings the client up with nothing but the file in its Secret. */
  async joinWithFile(client: LabClient, ref: Required<ObjectRef>, spec: Peer['spec']): Promise<Peer> {
    await this.cluster.peer(ref, spec);
    const ready = await this.cluster.ready(peers, ref);
    await client.up(await this.file(ref));
    return ready;
  }

  /** The file that the peer's status points to. */
  async file({ namespace, name }: Required<ObjectRef>): Promise<string> {
    const hasFile = async () => (await this.cluster.get(peers, { namespace, name })).status?.configSecret;
    const secret = await waitFor(hasFile, { what: `peer ${name} has a Secret` });
    const { data } = await this.cluster.get(secrets, { namespace, name: secret.name });
    return Buffer.from(data?.['wg.conf'] ?? '', 'base64').toString();
  }

  /** Looks for leaked secrets, whatever the tests were about, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const found = await leaks(this.lab, this.cluster);
      if (found.length > 0) throw new Error(`secrets have leaked: ${found.join('; ')}`);
    } finally {
      await this.cluster[Symbol.asyncDispose]();
      await this.lab.stop();
    }
  }
}

/** What a person writes into the client's configuration, all of it read from the two statuses. */
export function clientConfig(peer: Peer, gateway: Gateway) {
  const hosts = (addresses: readonly string[] = []) => addresses.map((one) => `${one}/${one.includes(':') ? 128 : 32}`);
  return {
    addresses: hosts(peer.status?.addresses),
    peer: {
      publicKey: gateway.status?.publicKey ?? '',
      endpoint: gateway.status?.endpoint ?? '',
      allowedIPs: (gateway.status?.pools ?? []).map((pool) => pool.cidr),
    },
  };
}

/** Resolves when a ping gets through: the handshake is done. */
export async function reaches(client: LabClient, address: string): Promise<void> {
  const ping = async () => (await client.ping(address, { count: 1 })).received > 0;
  await waitFor(ping, { what: `${client.node.spoke.name} reaches ${address}` });
}

/** A Curve25519 public key, whose private half nobody has. */
export function someKey(): string {
  return generateKeyPair().publicKey;
}
