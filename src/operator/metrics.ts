import type { RequestMetric } from '../kube/client.ts';
import { requestMetrics } from '../kube/request-metrics.ts';
import type { Outcome } from '../kube/worker.ts';
import type { MetricDeclaration, Metrics } from '../runtime/metrics.ts';
import type { SecretWrite } from './peer/secret-client.ts';

/** How the operator counts. Nothing per peer: live truth about peers is in the agents' metrics. */
export interface OperatorMetrics {
  readonly request: (metric: RequestMetric) => void;
  readonly outcome: (controller: string) => (outcome: Outcome) => void;
  readonly leading: (leading: boolean) => void;
  readonly eventDropped: () => void;
  readonly secretWritten: (write: SecretWrite) => void;
}

/** What the operator counts. */
export const OPERATOR_METRICS = {
  reconciles: {
    type: 'counter',
    name: 'peerwright_reconciles_total',
    help: 'Objects looked at.',
    labels: { controller: 'What is looked at, such as `gateways`.', result: '`ok` or `error`.' },
  },
  reconcileSeconds: {
    type: 'histogram',
    name: 'peerwright_reconcile_seconds',
    help: 'Time that looking at one object took.',
    labels: { controller: 'As above.' },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  leader: { type: 'gauge', name: 'peerwright_leader', help: '1 while this process leads.' },
  eventsDropped: { type: 'counter', name: 'peerwright_events_dropped_total', help: 'Events that were not written.' },
  secretWrites: {
    type: 'counter',
    name: 'peerwright_peer_secret_writes_total',
    help: 'Secrets with files of peers that were written.',
    labels: { write: '`created`, `rewritten` or `removed`.' },
  },
} as const satisfies Record<string, MetricDeclaration>;

export function operatorMetrics(metrics: Metrics): OperatorMetrics {
  const reconciles = metrics.counter(OPERATOR_METRICS.reconciles);
  const reconcileSeconds = metrics.histogram(OPERATOR_METRICS.reconcileSeconds);
  const leader = metrics.gauge(OPERATOR_METRICS.leader);
  const dropped = metrics.counter(OPERATOR_METRICS.eventsDropped);
  const secrets = metrics.counter(OPERATOR_METRICS.secretWrites);
  return {
    request: requestMetrics(metrics),
    outcome: (controller) => (outcome) => {
      reconciles.inc({ controller, result: outcome.result });
      reconcileSeconds.observe({ controller }, outcome.seconds);
    },
    leading: (leading) => leader.set(leading ? 1 : 0),
    eventDropped: () => dropped.inc(),
    secretWritten: (write) => secrets.inc({ write }),
  };
}
