import { decodePeerPair } from '../../keys/peer-secret.ts';
import { keyOf } from '../../kube/object.ts';
import type { Queue } from '../../kube/queue.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import type { Again } from '../../kube/worker.ts';
import { sameJson } from '../../mesh/merge-patch.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Caches } from '../world/caches.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { clientFile, fileDigest } from './client-file.ts';
import { ownershipOf, secretOf } from './config-secret.ts';
import type { ContentsOf, FileContents, FileWriter } from './file-writer.ts';
import { grantedTo } from './granted.ts';
import type { SecretClient } from './secret-client.ts';
import type { Remembered, SecretMemory } from './secret-memory.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface UpkeepDeps {
  readonly caches: Pick<Caches, 'peers' | 'gateways'>;
  readonly client: SecretClient;
  readonly writer: FileWriter;
  readonly memory: SecretMemory;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly queues: { readonly peers: Queue; readonly files: Queue; readonly fileChecks: Queue };
  /** Of rewrites, and of looks at what should still be as it was. */
  readonly rewrites: TokenBucket;
  readonly checks: TokenBucket;
  /** How long a Secret that was seen is believed to be as it was. */
  readonly checkEveryMs: number;
}

type Seen = Extract<Remembered, { kind: 'Seen' }>;

/** How soon to look again when the key of the gateway could not be read. */
const GATEWAY_KEY_MS = 60_000;

/** Call when a peer, or what its file says of its gateway, may have changed: the file follows in its turn. */
export function fileConcerned(key: string, deps: UpkeepDeps): void {
  const situation = situationOf(key, deps);
  if (!situation) return;
  const known = deps.memory.of(key, situation.peer.uid);
  if (known === undefined) return deps.queues.fileChecks.add(key);
  if (known.kind === 'Seen' && isOutdated(known, situation)) deps.queues.files.add(key);
  deps.queues.fileChecks.addAfter(key, dueMs(key, situation, deps));
}

/** Looks at a Secret that nothing is known to have happened to. Several wait for each other. */
export async function checkFile(key: string, deps: UpkeepDeps, signal: AbortSignal): Promise<Again | void> {
  const situation = situationOf(key, deps);
  if (!situation) return;
  const due = dueMs(key, situation, deps);
  if (due > 0) return { againAfterMs: due };
  await deps.checks.take(signal);
  if (signal.aborted) return;
  return (await keepFile(key, deps, signal)) ?? { againAfterMs: deps.checkEveryMs };
}

/** Brings the file of a peer to what is decided. What is wrong with the Secret itself is for the peer's own reconcile. */
export async function keepFile(key: string, deps: UpkeepDeps, signal: AbortSignal): Promise<Again | void> {
  const situation = situationOf(key, deps);
  if (!situation) return;
  const { peer, decision } = situation;
  const contents = await deps.writer.contentsFor({ ...situation, ...decision }, signal);
  if (contents === undefined) return { againAfterMs: GATEWAY_KEY_MS };
  const found = await lookAt({ peer, decision, contents }, deps, signal);
  if (found === undefined) return doubt(peer, deps);
  if (!found.isRight) await rewrite(found, { deps, signal });
  deps.writer.remember(peer, found.filled);
  fileConcerned(key, deps);
}

interface Found {
  readonly secret: KubeSecret;
  /** What it should hold. */
  readonly filled: FileContents;
  readonly isRight: boolean;
}

/** undefined when it is gone, or not as a rewrite of the file could mend it. */
async function lookAt(wanted: Wanted, { client }: UpkeepDeps, signal: AbortSignal): Promise<Found | undefined> {
  const secret = await client.read(wanted.peer, signal);
  const filled = secret && contentsLike(secret, wanted);
  if (secret === undefined || filled === undefined) return undefined;
  const isRight = sameJson(secret.data, filled.data);
  return secret.immutable && !isRight ? undefined : { secret, filled, isRight };
}

async function rewrite(
  { secret, filled }: Found,
  { deps, signal }: { readonly deps: UpkeepDeps; readonly signal: AbortSignal },
): Promise<void> {
  await deps.rewrites.take(signal);
  signal.throwIfAborted();
  await deps.client.replace(secret, filled.data, signal);
}

/** The peer's own reconcile reads the Secret before it believes anything of it. */
function doubt(peer: PeerView, { writer, queues }: UpkeepDeps): void {
  writer.doubt(peer);
  queues.peers.add(keyOf(peer));
}

interface Situation {
  readonly peer: PeerView;
  readonly gateway: GatewayView;
  readonly decision: PeerDecision;
  /** Of what the file should say. */
  readonly digest: string;
}

/** undefined where no file is pointed to, or it is not known what it should say: then it stays as it is. */
function situationOf(key: string, { caches }: UpkeepDeps): Situation | undefined {
  const peer = caches.peers.get(key);
  const gateway = peer && caches.gateways.get(peer.gatewayKey);
  const decision = peer && grantedTo(peer);
  if (!peer?.spec || !gateway?.spec || !decision?.configSecret) return undefined;
  const config = clientFile({ peer, gateway, decision });
  return config && { peer, gateway, decision, digest: fileDigest(config, decision.presharedKey) };
}

/** Somebody who changes a peer may have deleted its Secret just before, to have it come back with another key. */
function isOutdated({ digest, generation }: Seen, { peer, digest: wanted }: Situation): boolean {
  return digest !== wanted || generation !== peer.generation;
}

/** Milliseconds until a Secret has to be looked at again. */
function dueMs(key: string, { peer }: Situation, { memory, clock, checkEveryMs }: UpkeepDeps): number {
  const known = memory.of(key, peer.uid);
  return known === undefined ? 0 : Math.max(0, known.seenAt + checkEveryMs - clock.monotonic());
}

interface Wanted {
  readonly peer: PeerView;
  readonly decision: PeerDecision;
  readonly contents: ContentsOf;
}

/** What the Secret should hold, with the pair that is in it; undefined when it is not the Secret that the status means. */
function contentsLike(secret: KubeSecret, { peer, decision, contents }: Wanted): FileContents | undefined {
  if (ownershipOf(secret, peer) !== 'Ours') return undefined;
  const pair = decodePeerPair(secretOf(secret));
  if (!pair.ok) return undefined;
  if (pair.value === undefined) return decision.presharedKey === 'Derived' ? contents(decision.publicKey) : undefined;
  return pair.value.publicKey === decision.publicKey ? contents(pair.value) : undefined;
}

/** Another process may have written while this one did not lead: every Secret is looked at once. */
export function checkAllFiles(deps: UpkeepDeps): void {
  deps.memory.clear();
  for (const peer of deps.caches.peers.values()) {
    if (peer.status.configSecret) deps.queues.fileChecks.add(keyOf(peer));
  }
}

/** What a peer that is gone may have left: its own reconcile removes it. */
export function peerGone(peer: PeerView, deps: UpkeepDeps): void {
  if (deps.memory.has(keyOf(peer)) || peer.status.configSecret) doubt(peer, deps);
}
