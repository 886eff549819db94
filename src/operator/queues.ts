import { Queue } from '../kube/queue.ts';
import type { Clock } from '../runtime/clock.ts';

/** What waits to be looked at. Keys: `namespace/name`, for nodes the name. */
export interface Queues {
  readonly gateways: Queue;
  readonly nodes: Queue;
  readonly peers: Queue;
  readonly blocks: Queue;
  /** Peers whose files are to be written anew. */
  readonly files: Queue;
  /** Peers whose Secrets are to be looked at, although nothing is known to have changed. */
  readonly fileChecks: Queue;
}

export function createQueues(clock: Clock): Queues {
  const queue = () => new Queue({ clock, baseMs: 50, maxMs: 15_000 });
  const ofPeers = { peers: queue(), files: queue(), fileChecks: queue() };
  return { gateways: queue(), nodes: queue(), blocks: queue(), ...ofPeers };
}
