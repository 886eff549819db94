/** Ports from which gateways without `spec.listenPort` get one, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface PortWish {
  /** `spec.listenPort`. */
  readonly fixed: number | undefined;
  /** The port of the decision in force: kept on a move if it is free. */
  readonly current: number | undefined;
  readonly range: PortRange;
}

/** Ports on the node that cannot be chosen. */
export interface TakenPorts {
  /** Reasons to leave the port that the gateway has: a gateway's that comes first, or its own agent could not bind it. */
  readonly forCurrent: ReadonlySet<number>;
  /** Those besides that nobody should try: no agent could bind them. */
  readonly forNew: ReadonlySet<number>;
}

/** The port for a gateway on a node; undefined when the range is used up. */
export function choosePort(wish: PortWish, taken: TakenPorts): number | undefined {
  const { fixed, current, range } = wish;
  if (fixed !== undefined) return fixed;
  if (current !== undefined && inRange(current, range) && !taken.forCurrent.has(current)) return current;
  for (let port = range.first; port <= range.last; port++) if (!taken.forNew.has(port)) return port;
  return undefined;
}

function inRange(port: number, range: PortRange): boolean {
  return port >= range.first && port <= range.last;
}
