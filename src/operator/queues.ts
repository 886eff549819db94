import { Queue } from '../kube/queue.ts';
import type { Clock } from '../runtime/clock.ts';

/** What waits to be looked at. Keys: `namespace/name`, for nodes the name. */
export interface Queues {
  readonly gateways: Queue;
  readonly nodes: Queue;
  readonly peers: Queue;
  readonly blocks: Queue;
}

export function createQueues(clock: Clock): Queues {
  const queue = () => new Queue({ clock, baseMs: 50, maxMs: 15_000 });
  return { gateways: queue(), nodes: queue(), peers: queue(), blocks: queue() };
}
