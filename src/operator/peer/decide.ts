import { checkPeer } from '../../mesh/checks/peer.ts';
import { sortPrefixes } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { AddressAnswer } from '../addresses/address-request.ts';
import type { Addresses } from '../addresses/addresses.ts';
import type { Caches } from '../world/caches.ts';
import { claimsOfPeer } from '../world/network-claims.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { checkInput, spacesFor } from './check-input.ts';
import { secretOfOther } from './config-secret.ts';
import { grantedTo, parsedAddresses } from './granted.ts';
import type { PeerSecrets, SecretAnswer, SecretRequest } from './peer-secrets.ts';
import type { PeerRoutes, RouteDeps } from './routes.ts';
import { routesOf } from './routes.ts';

export interface DecideDeps extends RouteDeps {
  readonly caches: Pick<Caches, 'peers'>;
  readonly addresses: Pick<Addresses, 'ensure'>;
  readonly secrets: Pick<PeerSecrets, 'ensure' | 'doubt'>;
}

/** Everything decided about a peer: of its spec as far as that is acceptable, otherwise what was granted before. */
export interface Outlook {
  readonly decision?: PeerDecision;
  readonly problems: readonly Problem[];
  readonly waiting?: Problem;
  /** The decision is of this very spec: whatever else the peer holds is left over. */
  readonly final: boolean;
  /** It goes on when a Secret changes, which nobody says. */
  readonly isAboutSecret?: true;
}

/** Checks, then addresses, then the Secret: each is recorded before the next, and all before the status says so. */
export async function decidePeer(
  { peer, gateway }: { peer: PeerView; gateway: GatewayView | undefined },
  deps: DecideDeps,
  signal: AbortSignal,
): Promise<Outlook> {
  if (!gateway) return withoutGateway(peer, deps);
  const routes = routesOf(peer, gateway, deps);
  const before = withGranted(keptBy(peer, routes));
  if (peer.invalid) return { ...before, problems: [peer.invalid] };
  const problem = checkPeer(checkInput({ peer, gateway }, deps));
  if (problem) return { ...before, ...refusal(problem) };
  if (routes.problems.length > 0) return { ...before, ...refusalOfRoutes(routes.problems) };
  const answer = await deps.addresses.ensure({
    gateway,
    peer,
    spaces: spacesFor(peer, gateway) ?? [],
    requested: parsedAddresses(peer.spec.addresses),
    granted: grantedTo(peer)?.addresses ?? [],
  });
  if (answer.kind !== 'Granted') return { ...before, ...refusalOfAddresses(answer) };
  const request = { peer, gateway, addresses: answer.addresses, presharedKey: presharedKeyOf(peer.spec) };
  const secret = await deps.secrets.ensure(request, signal);
  return { ...before, ...outcomeOf(secret, { request, routes: routes.routes }, deps) };
}

function withoutGateway(peer: PeerView, deps: Pick<DecideDeps, 'caches'>): Outlook {
  const problem = peer.invalid ?? checkPeer(checkInput({ peer, gateway: undefined }, deps));
  // what the spec no longer asks for, others may be given meanwhile
  const kept = sortPrefixes(claimsOfPeer(peer).flatMap(({ network, granted }) => (granted ? [network] : [])));
  return { ...withGranted(keptBy(peer, { kept })), ...refusal(problem) };
}

function withGranted(decision: PeerDecision | undefined): Outlook {
  return { ...(decision && { decision }), problems: [], final: false };
}

/** What was granted, less the routes that the spec no longer asks for and those that it may not have any more. */
function keptBy(peer: PeerView, { kept }: Pick<PeerRoutes, 'kept'>): PeerDecision | undefined {
  const granted = grantedTo(peer);
  return granted && { ...granted, routes: kept };
}

/** Of all problems only a gateway that is not ready solves itself. */
function refusal(problem: Problem | undefined): Partial<Outlook> {
  if (!problem) return {};
  return problem.code === 'GatewayNotReady' ? { waiting: problem } : { problems: [problem] };
}

function refusalOfRoutes(problems: readonly Problem[]): Partial<Outlook> {
  const lasting = problems.filter(({ code }) => code !== 'GatewayNotReady');
  return lasting.length > 0 ? { problems: lasting } : refusal(problems[0]);
}

function refusalOfAddresses(answer: Exclude<AddressAnswer, { kind: 'Granted' }>): Partial<Outlook> {
  return answer.kind === 'Refused' ? { problems: answer.problems } : { waiting: returning };
}

const returning: Problem = {
  code: 'Progressing',
  message: 'Waiting until the agents have reported the earlier peer of this name gone; its address comes back.',
};

function outcomeOf(
  answer: SecretAnswer,
  { request, routes }: { request: SecretRequest; routes: readonly Prefix[] },
  deps: DecideDeps,
): Partial<Outlook> {
  switch (answer.kind) {
    case 'Ready': {
      const { publicKey, configSecret } = answer;
      const { peer, gateway, addresses, presharedKey } = request;
      // a pair that was made here is nobody else's, unless a person has put another one into the Secret
      const rival =
        peer.spec.publicKey === undefined && checkPeer(checkInput({ peer, gateway, made: publicKey }, deps));
      if (rival) {
        // a person mends it in the Secret, which is read again to see that
        deps.secrets.doubt(peer);
        return { problems: [rival.code === 'PublicKeyInUse' ? secretOfOther(peer) : rival], isAboutSecret: true };
      }
      const decision = { addresses, publicKey, routes, presharedKey, ...(configSecret && { configSecret }) };
      return { decision, final: true };
    }
    case 'Refused':
      return { problems: answer.problems, isAboutSecret: true };
    case 'Waiting':
      return { waiting: answer.problem, isAboutSecret: true };
  }
}

function presharedKeyOf({ presharedKey, publicKey }: SecretRequest['peer']['spec']): PeerDecision['presharedKey'] {
  return presharedKey?.type ?? (publicKey === undefined ? 'Derived' : 'None');
}
