import type { RequestMetric } from '../kube/client.ts';
import { requestMetrics } from '../kube/request-metrics.ts';
import type { Outcome } from '../kube/worker.ts';
import type { Operation } from '../mesh/model.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { DeviceObservation } from './device/observation.ts';

/** What the agent counts. Nothing per peer: their number is not bounded. */
export interface AgentMetrics {
  readonly request: (metric: RequestMetric) => void;
  readonly operation: (type: Operation['type']) => void;
  readonly outcome: (outcome: Outcome) => void;
  readonly observed: (name: string, after: DeviceObservation | undefined) => void;
  readonly reportWritten: () => void;
  readonly beat: (ok: boolean) => void;
}

export function agentMetrics(metrics: Metrics, now: () => number): AgentMetrics {
  const operations = metrics.counter({
    name: 'peerwright_device_operations_total',
    help: 'Changes made to devices, by type.',
    labels: ['type'],
  });
  const passes = metrics.counter({
    name: 'peerwright_device_passes_total',
    help: 'Looks at a device, by result; error: it was broken off.',
    labels: ['device', 'result'],
  });
  const programmed = metrics.gauge({
    name: 'peerwright_device_peers',
    help: 'Peers on a device, as read back.',
    labels: ['device'],
  });
  const problems = metrics.gauge({
    name: 'peerwright_device_problems',
    help: 'Problems of a device after the last look at it.',
    labels: ['device'],
  });
  const synced = metrics.gauge({
    name: 'peerwright_device_settled_timestamp_seconds',
    help: 'When a device was last seen exactly as it should be.',
    labels: ['device'],
  });
  const reports = metrics.counter({ name: 'peerwright_reports_written_total', help: 'Report objects written.' });
  const beats = metrics.counter({
    name: 'peerwright_lease_renewals_total',
    help: 'Renewals of the Lease of this agent, by result.',
    labels: ['result'],
  });
  return {
    request: requestMetrics(metrics),
    operation: (type) => operations.inc({ type }),
    outcome: ({ key, result }) => passes.inc({ device: key, result }),
    observed(device, after) {
      if (after === undefined) {
        for (const gauge of [programmed, problems, synced]) gauge.remove({ device });
        return;
      }
      programmed.set({ device }, after.device?.peers.size ?? 0);
      problems.set({ device }, after.problems.length);
      if (after.settled) synced.set({ device }, now() / 1000);
    },
    reportWritten: () => reports.inc(),
    beat: (ok) => beats.inc({ result: ok ? 'ok' : 'error' }),
  };
}
