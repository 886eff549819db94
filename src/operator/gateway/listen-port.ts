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

/** The port for a gateway on a node where other gateways use `taken`; undefined when the range is used up. */
export function choosePort(wish: PortWish, taken: ReadonlySet<number>): number | undefined {
  const { fixed, current, range } = wish;
  if (fixed !== undefined) return fixed;
  if (current !== undefined && inRange(current, range) && !taken.has(current)) return current;
  for (let port = range.first; port <= range.last; port++) if (!taken.has(port)) return port;
  return undefined;
}

function inRange(port: number, range: PortRange): boolean {
  return port >= range.first && port <= range.last;
}
