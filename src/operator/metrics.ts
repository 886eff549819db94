import type { RequestMetric } from '../kube/client.ts';
import { requestMetrics } from '../kube/request-metrics.ts';
import type { Outcome } from '../kube/worker.ts';
import type { Metrics } from '../runtime/metrics.ts';

/** What the operator counts. Nothing per peer: live truth about peers is in the agents' metrics. */
export interface OperatorMetrics {
  readonly request: (metric: RequestMetric) => void;
  readonly outcome: (controller: string) => (outcome: Outcome) => void;
  readonly leading: (leading: boolean) => void;
  readonly eventDropped: () => void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function operatorMetrics(metrics: Metrics): OperatorMetrics {
  const reconciles = metrics.counter({
    name: 'peerwright_reconciles_total',
    help: 'Objects looked at, by controller and result.',
    labels: ['controller', 'result'],
  });
  const reconcileSeconds = metrics.histogram({
    name: 'peerwright_reconcile_seconds',
    help: 'Time that looking at one object took.',
    labels: ['controller'],
    buckets: SECONDS,
  });
  const leader = metrics.gauge({ name: 'peerwright_leader', help: '1 while this process leads.' });
  const dropped = metrics.counter({ name: 'peerwright_events_dropped_total', help: 'Events that were not written.' });
  return {
    request: requestMetrics(metrics),
    outcome: (controller) => (outcome) => {
      reconciles.inc({ controller, result: outcome.result });
      reconcileSeconds.observe({ controller }, outcome.seconds);
    },
    leading: (leading) => leader.set(leading ? 1 : 0),
    eventDropped: () => dropped.inc(),
  };
}
