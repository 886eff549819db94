import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayKeySecretName } from '../../src/keys/gateway-key.ts';
import { derivePresharedKey } from '../../src/keys/preshared-key.ts';
import { keyOf } from '../../src/kube/object.ts';
import { type KubeSecret, secrets } from '../../src/kube/resources.ts';
import type { PublicKey } from '../../src/mesh/model.ts';
import { Secret } from '../../src/runtime/secret.ts';
import type { ControlPlane } from '../../tools/lab/control-plane.ts';
import type { Lab } from '../../tools/lab/lab.ts';
import { processesIn } from '../../tools/lab/namespace.ts';
import { type Cluster, type Peer, peers } from './cluster.ts';
import { agentPage, operatorPage } from './http.ts';

/** Fields of our Secrets with 32 secret bytes in base64, by type of the Secret. */
const SECRET_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'peerwright.dev/gateway-key': ['privateKey', 'presharedKeySeed'],
  'peerwright.dev/peer-config': ['privateKey', 'presharedKey'],
};

/** One secret value in every shape in which it could have leaked. */
export interface Canary {
  /** Whose it is; never the value. */
  readonly name: string;
  readonly shapes: readonly Buffer[];
}

/** Base64 is searched for without its last characters, so that text around it cannot hide it. */
export function canaryOf(name: string, value: Buffer): Canary {
  const hex = value.toString('hex');
  const base64 = value.toString('base64').replace(/.{2}=*$/, '');
  const nested = Buffer.from(value.toString('base64'))
    .toString('base64')
    .replace(/.{2}=*$/, '');
  const texts = [hex, hex.toUpperCase(), base64, base64.replaceAll('+', '-').replaceAll('/', '_'), nested];
  return { name, shapes: [value, ...texts.map((text) => Buffer.from(text))] };
}

/** Everything secret that the operator has made until now, and what follows from it. */
export async function canaries(cluster: Cluster): Promise<Canary[]> {
  return canariesOf(await cluster.list(secrets), await cluster.list(peers));
}

/** Private keys of gateways and peers, seeds, and the preshared key of each peer, whether it is in use or not. */
export function canariesOf(allSecrets: readonly KubeSecret[], allPeers: readonly Peer[]): Canary[] {
  const stored = allSecrets.flatMap((secret) =>
    (SECRET_FIELDS[secret.type ?? ''] ?? [])
      .filter((field) => secret.data?.[field] !== undefined)
      .map((field) => canaryOf(`${field} of ${keyOf(secret.metadata)}`, bytesOf(secret, field))),
  );
  const derived = allPeers.map(({ metadata, spec, status }) => {
    const key = { namespace: metadata.namespace, name: gatewayKeySecretName(spec.gatewayRef.name, 1) };
    const gateway = allSecrets.find((secret) => keyOf(secret.metadata) === keyOf(key));
    if (gateway === undefined || status?.publicKey === undefined) return [];
    const seed = new Secret(bytesOf(gateway, 'presharedKeySeed'));
    const gatewayKey = bytesOf(gateway, 'publicKey').toString('base64') as PublicKey;
    const presharedKey = derivePresharedKey(seed, gatewayKey, status.publicKey as PublicKey);
    return canaryOf(`preshared key of ${keyOf(metadata)}`, Buffer.from(presharedKey.reveal()));
  });
  return [...stored, ...derived.flat()];
}

/** Values are base64 of base64. */
function bytesOf({ data }: KubeSecret, field: string): Buffer {
  return Buffer.from(Buffer.from(data?.[field] ?? '', 'base64').toString(), 'base64');
}

/** Where secrets must not be: logs and other files, objects, metrics, arguments and environments. Each hit, by name. */
export async function leaks(lab: Lab, cluster: Cluster): Promise<string[]> {
  const wanted = await canaries(cluster);
  const places = [
    ...filesIn(lab.folder),
    ...processTexts(lab),
    await objectsIn(lab.controlPlane),
    ...(await metrics(lab)),
  ];
  return places.flatMap(({ where, content }) => hits(wanted, where, content));
}

export interface Place {
  readonly where: string;
  readonly content: Buffer;
}

export function hits(wanted: readonly Canary[], where: string, content: Buffer): string[] {
  const found = wanted.filter(({ shapes }) => shapes.some((shape) => content.includes(shape)));
  return found.map(({ name }) => `${name} in ${where}`);
}

/** All of the lab's files but etcd's data, where the Secrets are. */
function filesIn(folder: string): Place[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('etcd/') && !name.endsWith('/etcd'))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ where: path, content: readFileSync(path) }));
}

function processTexts(lab: Lab): Place[] {
  const inNodes = [...lab.nodes.map((node) => node.spoke), lab.network.hub].flatMap(({ netns }) => processesIn(netns));
  const operators = lab.operators.flatMap((operator) => operator.pid ?? []);
  return [...inNodes, ...operators].flatMap((pid) => [procFile(pid, 'cmdline'), procFile(pid, 'environ')]);
}

function procFile(pid: number, name: string): Place {
  const where = `/proc/${pid}/${name}`;
  try {
    return { where, content: readFileSync(where) };
  } catch {
    return { where, content: Buffer.alloc(0) }; // it has ended
  }
}

/** Every object of every kind that can be listed, but Secrets. */
export async function objectsIn(controlPlane: ControlPlane): Promise<Place> {
  const { stdout } = await controlPlane.kubectl(['api-resources', '--verbs=list', '-o', 'name']);
  const kinds = stdout.split('\n').filter((name) => name && name !== 'secrets');
  const got = await controlPlane.kubectl(['get', kinds.join(','), '-A', '-o', 'json'], { timeoutMs: 60_000 });
  return { where: 'objects of the API server', content: Buffer.from(got.stdout) };
}

async function metrics(lab: Lab): Promise<Place[]> {
  const agents = lab.nodes.map(async ({ name, node }) => {
    const content = Buffer.from(await agentPage(node, '/metrics'));
    return { where: `metrics of the agent of ${name}`, content };
  });
  const operators = lab.operators.map(async (operator) => {
    const content = Buffer.from(await operatorPage(operator, '/metrics'));
    return { where: 'metrics of an operator', content };
  });
  return Promise.all([...agents, ...operators]);
}
