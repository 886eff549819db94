import type { Again } from '../../kube/worker.ts';
import type { AddressBook } from '../../mesh/address-book.ts';
import { checkPeer } from '../../mesh/checks/peer.ts';
import { parseAddress } from '../../mesh/ip/address.ts';
import { parsePublicKey } from '../../mesh/key.ts';
import type { Address } from '../../mesh/model.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import { peerStatus } from '../../mesh/peer-status.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AddressAnswer } from '../addresses/address-request.ts';
import type { Addresses } from '../addresses/addresses.ts';
import { grantedSpaces, spacesInForce } from '../gateway/granted.ts';
import type { StatusTarget } from '../write-status.ts';
import { writeStatus } from '../write-status.ts';
import type { Caches } from '../world/caches.ts';
import { keyIndexValue } from '../world/caches.ts';
import type { PeerObject } from '../world/kinds.ts';
import type { AgentLiveness } from '../world/liveness.ts';
import type { Reports } from '../world/reports.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { peerAcknowledgement } from './acknowledgement.ts';
import { connectionOf, offDevice } from './connection.ts';

export interface PeerDeps {
  readonly caches: Caches;
  readonly addresses: Addresses;
  readonly book: AddressBook;
  readonly reports: Reports;
  readonly liveness: AgentLiveness;
  readonly target: StatusTarget<PeerObject, PeerView>;
  readonly clock: Clock;
}

/** How soon to look again for an address that comes back from quarantine. */
const RETURN_MS = 500;

/** Decides about one peer, records its addresses and says so in its status. */
export async function reconcilePeer(key: string, deps: PeerDeps, signal: AbortSignal): Promise<Again | void> {
  const peer = deps.caches.peers.get(key);
  if (!peer) return;
  const gateway = deps.caches.gateways.get(peer.gatewayKey);
  const outlook = await outlookOf(peer, gateway, deps);
  const written = await writeStatus(peer, statusOf({ peer, gateway, outlook }, deps), { target: deps.target, signal });
  if (outlook.final) await releaseOthers(written, outlook.decision?.addresses ?? [], deps);
  return outlook.waiting?.code === 'Progressing' ? { againAfterMs: RETURN_MS } : undefined;
}

interface Outlook {
  readonly decision?: PeerDecision;
  readonly problems: readonly Problem[];
  readonly waiting?: Problem;
  /** The decision is of this very spec: whatever else the peer holds is left over. */
  readonly final: boolean;
}

async function outlookOf(peer: PeerView, gateway: GatewayView | undefined, deps: PeerDeps): Promise<Outlook> {
  const granted = grantedTo(peer);
  const before = { ...(granted && { decision: granted }), problems: [], final: false };
  if (peer.invalid) return { ...before, problems: [peer.invalid] };
  const problem = checkPeer(checkInput(peer, gateway, deps));
  if (problem || !gateway) return { ...before, ...refusal(problem) };
  const answer = await deps.addresses.ensure({
    gateway,
    peer,
    spaces: spacesFor(peer, gateway) ?? [],
    requested: parsed(peer.spec.addresses),
    granted: granted?.addresses ?? [],
  });
  return { ...before, ...outcomeOf(answer, peer.spec.publicKey) };
}

/** Of all problems only a gateway that is not ready solves itself. */
function refusal(problem: Problem | undefined): Partial<Outlook> {
  if (!problem) return {};
  return problem.code === 'GatewayNotReady' ? { waiting: problem } : { problems: [problem] };
}

function outcomeOf(answer: AddressAnswer, publicKeyText: string): Partial<Outlook> {
  switch (answer.kind) {
    case 'Granted': {
      const publicKey = parsePublicKey(publicKeyText);
      return publicKey ? { decision: { addresses: answer.addresses, publicKey }, final: true } : {};
    }
    case 'Refused':
      return { problems: answer.problems };
    case 'Waiting':
      return { waiting: returning };
  }
}

const returning: Problem = {
  code: 'Progressing',
  message: 'Waiting until the agents have reported the earlier peer of this name gone; its address comes back.',
};

function checkInput(peer: PeerView, gateway: GatewayView | undefined, { caches }: PeerDeps) {
  const publicKey = peer.spec?.publicKey ?? '';
  const grantedPublicKey = peer.status.publicKey;
  const { uid, creationTimestamp } = peer;
  const gatewayName = peer.spec?.gatewayRef.name ?? '';
  const others = caches.peers.by('key', keyIndexValue(peer.gatewayKey, publicKey));
  const gatewayKey = gateway?.status.publicKey === undefined ? undefined : parsePublicKey(gateway.status.publicKey);
  return {
    peer: { uid, creationTimestamp, gatewayName, publicKey, ...(grantedPublicKey && { grantedPublicKey }) },
    ...(gateway && {
      gateway: { accepted: spacesFor(peer, gateway) !== undefined, ...(gatewayKey && { publicKey: gatewayKey }) },
    }),
    samePublicKey: others.map((other) => ({ ...other, granted: other.status.publicKey === publicKey })),
  };
}

function spacesFor(peer: PeerView, gateway: GatewayView) {
  return grantedTo(peer) ? spacesInForce(gateway) : grantedSpaces(gateway);
}

function statusOf(
  { peer, gateway, outlook }: { peer: PeerView; gateway: GatewayView | undefined; outlook: Outlook },
  deps: PeerDeps,
) {
  const now = new Date(deps.clock.now()).toISOString();
  const state = peer.spec?.state ?? 'Enabled';
  const { decision } = outlook;
  const acknowledgement = peerAcknowledgement({ peer, gateway, decision }, deps.reports);
  const connection = state === 'Enabled' ? connectionFor(peer, { gateway, now }, deps) : undefined;
  const facts = { ...outlook, generation: peer.generation, state, acknowledgement, ...(connection && { connection }) };
  return peerStatus(peer.status, facts, now);
}

function connectionFor(
  peer: PeerView,
  { gateway, now }: { gateway: GatewayView | undefined; now: string },
  { reports, liveness }: PeerDeps,
) {
  const nodeName = gateway?.status.nodeName;
  const previous = peer.status.connection;
  if (!nodeName) return reports.nodesWith(peer.uid).length === 0 ? offDevice(previous, now) : previous;
  return connectionOf({ previous, report: reports.peer(nodeName, peer.uid), agent: liveness.state(nodeName), now });
}

/** What the status now no longer mentions goes into quarantine. */
async function releaseOthers(peer: PeerView, kept: readonly Address[], deps: PeerDeps): Promise<void> {
  const others = deps.book.addressesOf(peer.uid).filter((address) => !kept.includes(address));
  if (others.length > 0) await deps.addresses.release(peer, others);
}

function grantedTo({ status }: PeerView): PeerDecision | undefined {
  const publicKey = status.publicKey === undefined ? undefined : parsePublicKey(status.publicKey);
  const addresses = parsed(status.addresses);
  return publicKey && addresses.length > 0 ? { publicKey, addresses } : undefined;
}

function parsed(addresses: readonly string[] | undefined): Address[] {
  return (addresses ?? []).map(parseAddress).filter((address) => address !== undefined);
}
