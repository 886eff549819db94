import { hash32 } from './hash.ts';
import type { Result } from './model.ts';

/** What is known of a node that may run gateways. */
export interface CandidateNode {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly schedulable: boolean;
  readonly agentAlive: boolean;
  readonly identityPinned: boolean;
  /** Why its agent cannot run a gateway, such as `WireGuardUnavailable`. */
  readonly excluded?: string;
}

export interface PlacementInput {
  readonly gateway: { readonly uid: string; readonly nodeSelector?: Readonly<Record<string, string>> };
  /** The node it runs on now. */
  readonly current?: string;
  readonly nodes: readonly CandidateNode[];
  /** Gateways by the name of their node. */
  readonly gatewaysOn: ReadonlyMap<string, number>;
}

/**
 * The name of the node that runs a gateway.
 *
 * | its node now              | other eligible nodes | result |
 * |---|---|---|
 * | eligible, cordoned or not | any                  | stays |
 * | not eligible, gone, none  | some                 | fewest gateways, then hash(gateway uid, node uid) |
 * | not eligible, gone, none  | none                 | NoEligibleNode |
 *
 * Eligible: matches the selector, schedulable, live agent, pinned identity, not excluded by its agent.
 */
export function placeGateway(input: PlacementInput): Result<string> {
  const { gateway, current, nodes, gatewaysOn } = input;
  const home = nodes.find((node) => node.name === current);
  // A cordon says "nothing new here"; it evicts neither pods nor gateways.
  if (home !== undefined && obstacleOf({ ...home, schedulable: true }, input) === undefined)
    return { ok: true, value: home.name };
  const [best] = nodes
    .filter((node) => obstacleOf(node, input) === undefined)
    .map(({ name, uid }) => ({ name, load: gatewaysOn.get(name) ?? 0, rank: hash32(`${gateway.uid}/${uid}`) }))
    .toSorted((a, b) => a.load - b.load || a.rank - b.rank || (a.name < b.name ? -1 : 1));
  return best === undefined ? noEligibleNode(input) : { ok: true, value: best.name };
}

/** Why a node is not eligible, as said of one and of several. */
interface Obstacle {
  readonly one: string;
  readonly many: string;
}

const UNSELECTED = { one: 'does not match the selector', many: 'do not match the selector' };
const UNSCHEDULABLE = { one: 'is unschedulable', many: 'are unschedulable' };
const NO_AGENT = { one: 'has no live agent', many: 'have no live agent' };
const UNPINNED = { one: 'has no trusted identity', many: 'have no trusted identity' };

/** The first obstacle, so that each node counts once. */
function obstacleOf(node: CandidateNode, { gateway }: PlacementInput): Obstacle | undefined {
  if (!matches(node.labels, gateway.nodeSelector ?? {})) return UNSELECTED;
  if (!node.schedulable) return UNSCHEDULABLE;
  if (!node.agentAlive) return NO_AGENT;
  if (!node.identityPinned) return UNPINNED;
  if (node.excluded === undefined) return undefined;
  return { one: `reports ${node.excluded}`, many: `report ${node.excluded}` };
}

function matches(labels: Readonly<Record<string, string>>, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function noEligibleNode(input: PlacementInput): Result<string> {
  const counts = new Map<string, { obstacle: Obstacle; count: number }>();
  for (const node of input.nodes) {
    const obstacle = obstacleOf(node, input);
    if (obstacle === undefined) continue;
    counts.set(obstacle.one, { obstacle, count: (counts.get(obstacle.one)?.count ?? 0) + 1 });
  }
  const why = [...counts.values()].map(
    ({ obstacle, count }) => `${count} ${count === 1 ? obstacle.one : obstacle.many}`,
  );
  const path = 'spec.placement.nodeSelector';
  const total = `${input.nodes.length} ${input.nodes.length === 1 ? 'node' : 'nodes'}`;
  const message = `${[total, ...(why.length > 0 ? [why.join(', ')] : [])].join(': ')}; check ${path} and that the agent runs on the nodes meant.`;
  return { ok: false, problems: [{ code: 'NoEligibleNode', message, path }] };
}
