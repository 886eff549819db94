import type { RequestMetric } from '../kube/client.ts';
import { requestMetrics } from '../kube/request-metrics.ts';
import type { Outcome } from '../kube/worker.ts';
import type { Operation } from '../mesh/model.ts';
import type { MetricDeclaration, Metrics } from '../runtime/metrics.ts';
import type { DeviceObservation } from './device/observation.ts';

/** How the agent counts. Nothing per peer: their number is not bounded. */
export interface AgentMetrics {
  readonly request: (metric: RequestMetric) => void;
  readonly operation: (type: Operation['type']) => void;
  readonly outcome: (outcome: Outcome) => void;
  readonly observed: (name: string, after: DeviceObservation | undefined) => void;
  readonly reportWritten: () => void;
  readonly beat: (ok: boolean) => void;
}

/** What the agent counts. */
export const AGENT_METRICS = {
  operations: {
    type: 'counter',
    name: 'peerwright_device_operations_total',
    help: 'Changes made to devices.',
    labels: { type: 'Of the operation, such as `AddPeer`.' },
  },
  passes: {
    type: 'counter',
    name: 'peerwright_device_passes_total',
    help: 'Looks at a device.',
    labels: { device: 'Name of the interface.', result: '`ok`, or `error` when it was broken off.' },
  },
  peers: {
    type: 'gauge',
    name: 'peerwright_device_peers',
    help: 'Peers on a device, as read back.',
    labels: { device: 'Name of the interface.' },
  },
  problems: {
    type: 'gauge',
    name: 'peerwright_device_problems',
    help: 'Problems of a device after the last look at it.',
    labels: { device: 'Name of the interface.' },
  },
  settled: {
    type: 'gauge',
    name: 'peerwright_device_settled_timestamp_seconds',
    help: 'When a device was last seen exactly as it should be.',
    labels: { device: 'Name of the interface.' },
  },
  reports: { type: 'counter', name: 'peerwright_reports_written_total', help: 'Report objects written.' },
  beats: {
    type: 'counter',
    name: 'peerwright_lease_renewals_total',
    help: 'Renewals of the Lease of this agent.',
    labels: { result: '`ok` or `error`.' },
  },
} as const satisfies Record<string, MetricDeclaration>;

export function agentMetrics(metrics: Metrics, now: () => number): AgentMetrics {
  const operations = metrics.counter(AGENT_METRICS.operations);
  const passes = metrics.counter(AGENT_METRICS.passes);
  const programmed = metrics.gauge(AGENT_METRICS.peers);
  const problems = metrics.gauge(AGENT_METRICS.problems);
  const settled = metrics.gauge(AGENT_METRICS.settled);
  const reports = metrics.counter(AGENT_METRICS.reports);
  const beats = metrics.counter(AGENT_METRICS.beats);
  return {
    request: requestMetrics(metrics),
    operation: (type) => operations.inc({ type }),
    outcome: ({ key, result }) => passes.inc({ device: key, result }),
    observed(device, after) {
      if (after === undefined) {
        for (const gauge of [programmed, problems, settled]) gauge.remove({ device });
        return;
      }
      programmed.set({ device }, after.device?.peers.size ?? 0);
      problems.set({ device }, after.problems.length);
      if (after.settled) settled.set({ device }, now() / 1000);
    },
    reportWritten: () => reports.inc(),
    beat: (ok) => beats.inc({ result: ok ? 'ok' : 'error' }),
  };
}
